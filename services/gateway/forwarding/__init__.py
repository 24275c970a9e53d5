"""Forwarding sends what is recorded to other LRSs, byte by byte, in order, and once.

lrs.statement, by seq ──▶ what the target is to get ──▶ POST statements ──▶ another LRS
                                                  └──▶ refused for good: lrs.forwarding_letter
"""

from prometheus_client import CollectorRegistry

from services.gateway.forwarding.forwarder import Forwarder, Pace
from services.gateway.forwarding.metrics import ForwardingMetrics
from services.gateway.forwarding.target import ForwardingVault
from shared.clock import Clock
from shared.postgres import Database
from shared.service import Task
from shared.settings import SecretSettings


def forwarding(secrets: SecretSettings, database: Database, clock: Clock, registry: CollectorRegistry) -> Task:
    """Return the task that forwards to every target. Raises Misconfigured where there is no master key."""
    return Forwarder(database, ForwardingVault.of(secrets), clock, ForwardingMetrics(registry), Pace()).run

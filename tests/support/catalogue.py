"""Every metric that the services export, read from the registries that they make."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase

from services.enrichment.metrics import RelinkMetrics
from services.gateway.forwarding.metrics import ForwardingMetrics
from services.gateway.metrics import GatewayMetrics
from services.ingest.asking.metrics import AskingMetrics
from services.ingest.metrics import IngestMetrics
from services.ingest.tallies import Tallies
from services.scoring.metrics import ScoringMetrics
from shared.clock import utc_now
from shared.http.observed import HttpMetrics
from shared.postgres import PostgresMetrics
from shared.stream.metrics import StreamMetrics
from shared.telemetry import new_registry

METRICS_OF_OTHERS = frozenset({"up", "process_start_time_seconds", "node_filesystem_avail_bytes", "node_filesystem_size_bytes"})
"""What rules may ask for that is Prometheus' own, the client library's or the node exporter's."""
SUFFIXES = ("_bucket", "_count", "_sum")
NAME = re.compile(r"\b(?:job:)?(?:symposia|node|process)_\w+(?::\w+)*\b|\bup\b")


@dataclass(frozen=True, slots=True)
class Family:
    """A metric: its kind and its labels."""

    kind: str
    labels: tuple[str, ...]


@cache
def families() -> dict[str, Family]:
    """Return the services' own metrics by the name they are queried by (a histogram by its base name)."""
    collectors = [each for each in registry_of_all()._collector_to_names if isinstance(each, MetricWrapperBase)]
    return {
        f"{each._name}_total" if each._type == "counter" else each._name: Family(str(each._type), tuple(each._labelnames))
        for each in collectors
    }


@cache
def exported() -> frozenset[str]:
    """Return the names of all series: a histogram's three, too."""
    names = set()
    for name, family in families().items():
        names |= {name + suffix for suffix in SUFFIXES} if family.kind == "histogram" else {name}
    return frozenset(names)


def registry_of_all() -> CollectorRegistry:
    """Return a registry with the metrics of every service."""
    registry = new_registry("all", "0")
    StreamMetrics(registry)
    PostgresMetrics(registry)
    HttpMetrics(registry)
    GatewayMetrics(registry)
    ForwardingMetrics(registry)
    IngestMetrics(registry, Tallies(utc_now))
    AskingMetrics(registry)
    RelinkMetrics(registry)
    ScoringMetrics(registry, utc_now)
    return registry


def names_in(expression: str) -> frozenset[str]:
    """Return the names of the metrics in a PromQL expression."""
    return frozenset(NAME.findall(re.sub(r'"[^"]*"', '""', expression)))

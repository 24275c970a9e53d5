"""What the gateway's doors and the tasks behind them share."""

from __future__ import annotations

from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from services.gateway.attachments.store import AttachmentStore
from services.gateway.credentials.keyring import Keyring
from services.gateway.credentials.usage import Usage
from services.gateway.domain.keychain import Keychain
from services.gateway.metrics import GatewayMetrics
from services.gateway.recorder import Remembered
from services.gateway.settings import Settings
from services.gateway.statements.horizon import Horizon
from services.gateway.statements.progress import Progress
from services.gateway.statements.store import StatementStore
from shared.clock import Clock
from shared.postgres import Database
from shared.stream.log import Log


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What is opened once, and handed to all that serves or runs."""

    name: str
    settings: Settings
    database: Database
    log: Log
    registry: CollectorRegistry
    clock: Clock
    metrics: GatewayMetrics
    keychain: Keychain
    keyring: Keyring
    usage: Usage
    statements: StatementStore
    attachments: AttachmentStore
    remembered: Remembered
    progress: Progress
    horizon: Horizon

"""Wire the gateway by hand: it opens what doors and tasks share, and reads its settings and the clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from importlib.metadata import version
from typing import Final

from prometheus_client import CollectorRegistry

from services.gateway.attachments.store import AttachmentStore
from services.gateway.credentials.issuing import Issuer
from services.gateway.credentials.keyring import Keyring
from services.gateway.credentials.recognising import recognise
from services.gateway.credentials.store import CredentialStore
from services.gateway.credentials.usage import Usage
from services.gateway.definitions.handler import GROUP as DEFINITIONS_GROUP
from services.gateway.domain.keychain import Keychain
from services.gateway.doors import open_doors
from services.gateway.metrics import GatewayMetrics
from services.gateway.parts import Parts
from services.gateway.recorder import GROUP as RECORDER_GROUP
from services.gateway.recorder import Remembered
from services.gateway.settings import Settings
from services.gateway.statements.horizon import Horizon
from services.gateway.statements.progress import Progress
from services.gateway.statements.recorder_books import PostgresRecorderBooks
from services.gateway.statements.store import StatementStore
from services.gateway.tasks import tasks_of
from shared.clock import Clock, utc_now
from shared.contracts import OBJECTION, RECEIVED, RECORDED, dead_letters_of
from shared.errors import Unavailable
from shared.master_key import master_keys
from shared.postgres import Database, PostgresMetrics
from shared.service import Service
from shared.settings import SecretSettings
from shared.stream.log import Log
from shared.stream.metrics import StreamMetrics
from shared.stream.open import open_log
from shared.stream.steps import Observer, unobserved
from shared.telemetry import new_registry

NAME: Final = "gateway"
SCHEMA: Final = "lrs"
TOPICS_USED: Final = (
    RECEIVED,
    RECORDED,
    OBJECTION,
    dead_letters_of(RECEIVED, RECORDER_GROUP),
    dead_letters_of(RECORDED, DEFINITIONS_GROUP),
)
PACKAGES: Final = ("shared.stream.migrations", "services.gateway.migrations")


@asynccontextmanager
async def open_service(settings: Settings, *, clock: Clock = utc_now, observer: Observer = unobserved) -> AsyncIterator[Service]:
    """Open the gateway: its database, the log with the topics it needs, the doors, and the recorder where it is asked for.

    Raises Misconfigured where the master key is not this installation's.
    """
    registry = new_registry(NAME, version("symposia"))
    async with AsyncExitStack() as stack:
        pools, stream_metrics = PostgresMetrics(registry), StreamMetrics(registry, clock)
        database = await Database.open(settings.postgres, schema=SCHEMA, application=NAME, packages=PACKAGES, metrics=pools)
        stack.push_async_callback(database.close)
        stream_log = await open_log(
            settings.stream, settings.postgres, application=NAME, metrics=stream_metrics, postgres_metrics=pools
        )
        stack.push_async_callback(stream_log.close)
        await stream_log.ensure(TOPICS_USED)
        await _recognise(settings, database, clock)
        yield wire(settings, database, stream_log, registry, stream_metrics, clock=clock, observer=observer)


async def _recognise(settings: Settings, database: Database, clock: Clock) -> None:
    """Look whether the master key is this installation's; readiness tells, where PostgreSQL is away. Raises Misconfigured."""
    with suppress(Unavailable, TimeoutError):
        async with asyncio.timeout(settings.gateway.read_seconds):
            await database.ready()
            await recognise(database, open_keychain(settings.secrets), clock())


def wire(
    settings: Settings,
    database: Database,
    stream_log: Log,
    registry: CollectorRegistry,
    stream_metrics: StreamMetrics,
    *,
    clock: Clock = utc_now,
    observer: Observer = unobserved,
) -> Service:
    """Put the parts together: the doors that serve, and the tasks that run behind them. Raises Misconfigured."""
    parts = _parts(settings, database, stream_log, registry, clock)
    return Service(NAME, open_doors(parts), settings.http, tasks_of(parts, stream_metrics, observer))


def open_keychain(secrets: SecretSettings) -> Keychain:
    """Derive the gateway's keys from the master key, and from the one before it. Raises Misconfigured."""
    return Keychain.of(*master_keys(secrets))


def open_issuer(settings: Settings, database: Database, home_page: str = "") -> Issuer:
    """Open what an operator manages credentials with; *home_page* is where the gateway is found, else as it is set up."""
    return Issuer(CredentialStore(database), open_keychain(settings.secrets), home_page or settings.http.base_url)


def _parts(settings: Settings, database: Database, stream_log: Log, registry: CollectorRegistry, clock: Clock) -> Parts:
    """Open what doors and tasks share."""
    chosen, metrics = settings.gateway, GatewayMetrics(registry)
    credentials, statements = CredentialStore(database), StatementStore(database)
    books = PostgresRecorderBooks(database, statements, RECORDER_GROUP)
    return Parts(
        name=NAME,
        settings=settings,
        database=database,
        log=stream_log,
        registry=registry,
        clock=clock,
        metrics=metrics,
        keychain=open_keychain(settings.secrets),
        keyring=Keyring(
            credentials, refresh=chosen.credentials_refresh, keep=chosen.credentials_keep, clock=clock, metrics=metrics
        ),
        usage=Usage(credentials, interval=chosen.usage_interval),
        statements=statements,
        attachments=AttachmentStore(database),
        remembered=Remembered() if chosen.recorder else Remembered(0),
        progress=Progress(books, poll=chosen.poll_seconds, patience=chosen.wait_seconds, metrics=metrics),
        horizon=Horizon(statements),
    )

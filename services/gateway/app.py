"""Wire the gateway by hand: the only module that knows all its parts, reads its settings and the clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from time import monotonic
from typing import Final

import structlog
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from services.gateway.alternate import AlternateSyntax
from services.gateway.attachments.answer import Attachments
from services.gateway.attachments.incoming import Sizes
from services.gateway.attachments.store import AttachmentStore
from services.gateway.attachments.sweeping import Sweep
from services.gateway.credentials.documentation import PATHS as OAUTH_PATHS
from services.gateway.credentials.door import Door
from services.gateway.credentials.issuing import Issuer
from services.gateway.credentials.keyring import Keyring
from services.gateway.credentials.limits import RateLimitHeaders, RateLimits
from services.gateway.credentials.oauth import routes as oauth_routes
from services.gateway.credentials.store import CredentialStore
from services.gateway.credentials.tokens import AccessTokens
from services.gateway.credentials.usage import Usage
from services.gateway.definitions.consuming import consumer_of as definitions_consumer
from services.gateway.definitions.documentation import PATHS as THING_PATHS
from services.gateway.definitions.handler import GROUP as DEFINITIONS_GROUP
from services.gateway.definitions.serving import Things, known_definitions
from services.gateway.definitions.store import DefinitionStore
from services.gateway.documents.documentation import PATHS as DOCUMENT_PATHS
from services.gateway.documents.routes import Desk
from services.gateway.documents.routes import routes as document_routes
from services.gateway.documents.store import DocumentStore
from services.gateway.domain.keychain import Keychain, read_master_key
from services.gateway.forwarding import forwarding
from services.gateway.impact.routes import routes as impact_routes
from services.gateway.metrics import GatewayMetrics
from services.gateway.persons.erasing import publisher_of
from services.gateway.recorder import Recorder
from services.gateway.settings import GatewaySettings, Settings
from services.gateway.statements.announcing import CHANNEL, Announcing, read_announcement
from services.gateway.statements.documentation import PATHS
from services.gateway.statements.formatting import Formatting
from services.gateway.statements.headers import XapiHeaders
from services.gateway.statements.horizon import Horizon
from services.gateway.statements.progress import Progress
from services.gateway.statements.reading import Reader
from services.gateway.statements.recording import Recording
from services.gateway.statements.routes import routes as xapi_routes
from services.gateway.statements.standing import RecorderStanding
from services.gateway.statements.store import StatementStore
from services.gateway.statements.writing import Writer
from shared.clock import Clock, utc_now
from shared.contracts import OBJECTION, RECEIVED, RECORDED, dead_letters_of
from shared.errors import Misconfigured, Unavailable
from shared.http import create_app
from shared.postgres import Database, PostgresMetrics
from shared.postgres.listen import listen
from shared.service import Service, Task
from shared.settings import SecretSettings
from shared.stream.consumer import Consumer
from shared.stream.log import Log
from shared.stream.metrics import StreamMetrics
from shared.stream.open import open_log
from shared.stream.postgres_ledger import PostgresLedger
from shared.stream.steps import Observer, unobserved
from shared.telemetry import new_registry

NAME: Final = "gateway"
SCHEMA: Final = "lrs"
SWEEP_SECONDS: Final = 3600.0
RECORDER_GROUP: Final = "recorder"
TOPICS_USED: Final = (
    RECEIVED,
    RECORDED,
    OBJECTION,
    dead_letters_of(RECEIVED, RECORDER_GROUP),
    dead_letters_of(RECORDED, DEFINITIONS_GROUP),
)
PACKAGES: Final = ("shared.stream.migrations", "services.gateway.migrations")

log = structlog.get_logger()


@asynccontextmanager
async def open_service(settings: Settings, *, clock: Clock = utc_now, observer: Observer = unobserved) -> AsyncIterator[Service]:
    """Open the gateway: its database, the log with the topics it needs, the doors, and the recorder where it is asked for."""
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
        yield wire(settings, database, stream_log, registry, stream_metrics, clock=clock, observer=observer)


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
    """Put the parts together."""
    chosen = settings.gateway
    metrics = GatewayMetrics(registry)
    keychain = open_keychain(settings.secrets)
    credentials = CredentialStore(database)
    keyring = Keyring(credentials, refresh=chosen.credentials_refresh, keep=chosen.credentials_keep, clock=clock, metrics=metrics)
    usage = Usage(credentials, interval=chosen.usage_interval)
    tokens = AccessTokens(keychain=keychain, base_url=settings.http.base_url, lifetime=chosen.access_token_seconds, clock=clock)
    door = Door(
        keyring=keyring,
        usage=usage,
        keychain=keychain,
        tokens=tokens,
        limits=_limits(chosen, metrics),
        clock=clock,
        metrics=metrics,
    )
    store = StatementStore(database)
    attachments = AttachmentStore(database)
    standing = RecorderStanding(database, store, RECORDER_GROUP)
    progress = Progress(standing, poll=chosen.poll_seconds, patience=chosen.wait_seconds, metrics=metrics)
    horizon = Horizon(store)
    writer = Writer(
        door=door,
        recording=Recording(stream_log, progress, metrics),
        attachments=attachments,
        clock=clock,
        metrics=metrics,
        sizes=Sizes(json=settings.http.max_body_bytes, multipart=chosen.multipart_bytes),
        max_statements=chosen.statements_per_request,
        version_without_header=chosen.version_without_header,
    )
    reader = Reader(
        door=door,
        store=store,
        attachments=Attachments(attachments),
        formatting=Formatting(known_definitions(DefinitionStore(database))),
        horizon=horizon,
        keychain=keychain,
        base_url=settings.http.base_url,
        page_size=chosen.page_size,
        version_without_header=chosen.version_without_header,
    )
    app = create_app(
        service=NAME,
        registry=registry,
        ready=_Readiness(database, keyring),
        routes=[
            *xapi_routes(writer, reader),
            *oauth_routes(door, tokens),
            *_document_routes(settings, database, door, clock),
            *_thing_routes(settings, database, door),
        ],
        routers=[impact_routes(database, stream_log, clock, door.authorise)],
        documented={**PATHS, **DOCUMENT_PATHS, **THING_PATHS, **OAUTH_PATHS},
    )
    _speak_xapi(app, settings, horizon)
    tasks: list[Task] = [keyring.run, usage.run, progress.run, horizon.run, _hearing(settings, progress)]
    tasks.append(Sweep(attachments, interval=SWEEP_SECONDS).run)
    if chosen.recorder:
        tasks += [_recording(settings, database, stream_log, stream_metrics, observer), publisher_of(database, stream_log).run]
    if chosen.definitions:
        defining = definitions_consumer(database, stream_log, settings.stream.consumer, stream_metrics)
        tasks.append(_persisting(defining, DEFINITIONS_GROUP))
    if chosen.forwarding:
        tasks.append(forwarding(settings.secrets, database, clock, registry))
    return Service(NAME, app, settings.http, tuple(tasks))


def open_keychain(secrets: SecretSettings) -> Keychain:
    """Derive the gateway's keys from the master key, and from the one before it. Raises Misconfigured."""
    given = [secret.get_secret_value() for secret in (secrets.key, secrets.previous_key)]
    if not given[0]:
        raise Misconfigured("SYMPOSIA_SECRETS__KEY is not set: 32 random bytes in URL-safe base64, the same for all replicas")
    return Keychain.of(*(read_master_key(text) for text in given if text))


def open_issuer(settings: Settings, database: Database) -> Issuer:
    """Open what an operator manages credentials with."""
    return Issuer(CredentialStore(database), open_keychain(settings.secrets), settings.http.base_url)


def _document_routes(settings: Settings, database: Database, door: Door, clock: Clock) -> list[Route]:
    return document_routes(
        Desk(
            door=door,
            store=DocumentStore(database),
            clock=clock,
            max_bytes=settings.http.max_body_bytes,
            version_without_header=settings.gateway.version_without_header,
        )
    )


def _thing_routes(settings: Settings, database: Database, door: Door) -> list[Route]:
    without_header = settings.gateway.version_without_header
    return Things(door=door, store=DefinitionStore(database), version_without_header=without_header).routes()


def _speak_xapi(app: Starlette, settings: Settings, horizon: Horizon) -> None:
    """Put xAPI's headers around all, and the alternate syntax within what is counted."""
    without_header, otherwise = settings.gateway.version_without_header, settings.gateway.version_answered
    app.add_middleware(RateLimitHeaders)
    app.add_middleware(XapiHeaders, without_header=without_header, otherwise=otherwise, consistent_through=horizon.recent)
    form_bytes = settings.http.max_body_bytes
    app.user_middleware.append(Middleware(AlternateSyntax, max_bytes=form_bytes, without_header=without_header))


def _limits(chosen: GatewaySettings, metrics: GatewayMetrics) -> RateLimits:
    """Open the limits of this process."""
    return RateLimits(
        requests_per_minute=chosen.requests_per_minute,
        refusals_per_minute=chosen.refusals_per_minute,
        metrics=metrics,
        seconds=monotonic,
    )


class _Readiness:
    """Ready once PostgreSQL was; from then on as long as the keys are known: an outage does not take the doors out of service."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring
        self._was_ready = False

    async def __call__(self) -> None:
        """Raise Unavailable while no statement can be taken."""
        if not self._was_ready:
            await self._database.ready()
            self._was_ready = True
        await self._keyring.check()


def _hearing(settings: Settings, progress: Progress) -> Task:
    """Listen for how far the recorder has come, in whatever process it runs."""

    def hear(payload: str) -> None:
        announced = read_announcement(payload)
        if announced is not None:
            progress.heard(*announced)

    async def run(stop: asyncio.Event) -> None:
        await listen(settings.postgres, CHANNEL, hear, stop, application=NAME)

    return run


def _recording(settings: Settings, database: Database, stream_log: Log, metrics: StreamMetrics, observer: Observer) -> Task:
    """Run the recorder."""
    consumer = Consumer(
        group=RECORDER_GROUP,
        topics=(RECEIVED,),
        handler=Announcing(Recorder(keychain=open_keychain(settings.secrets), observer=observer)),
        log=stream_log,
        ledger=PostgresLedger(database),
        settings=settings.stream.consumer,
        metrics=metrics,
        observer=observer,
    )
    return _persisting(consumer, RECORDER_GROUP)


def _persisting(consumer: Consumer, group: str) -> Task:
    """Run *consumer*; an outage longer than its patience does not take the doors down with it."""

    async def run(stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await consumer.run(stop)
            except Unavailable as outage:
                log.warning("consumer_waits", group=group, part=outage.part, reason=outage.reason)

    return run

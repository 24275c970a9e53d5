"""Open the log that an installation runs on."""

from __future__ import annotations

from shared.errors import Misconfigured
from shared.postgres import Database, PostgresMetrics
from shared.settings import PostgresSettings
from shared.stream.log import Log
from shared.stream.metrics import StreamMetrics
from shared.stream.postgres import PostgresLog
from shared.stream.settings import LogKind, StreamSettings

SCHEMA = "log"
MIGRATIONS = "shared.stream.log_migrations"


async def open_log(
    settings: StreamSettings,
    postgres: PostgresSettings,
    *,
    application: str,
    metrics: StreamMetrics,
    postgres_metrics: PostgresMetrics | None = None,
) -> Log:
    """Open the log that *settings* name; nothing is connected before it is used, and closing it lets go of everything.

    Raises Misconfigured where a timeout of PostgreSQL would outlast the poll interval: a frozen member would block its successor.
    """
    _check(settings, postgres)
    if settings.kind is LogKind.KAFKA:
        from shared.stream.kafka import KafkaLog  # noqa: PLC0415  an installation without Kafka does not load its client

        return KafkaLog(settings.kafka, settings.append, metrics, poll_interval=settings.consumer.poll_interval)
    database = await Database.open(
        postgres, schema=SCHEMA, application=f"{application}-log", packages=(MIGRATIONS,), metrics=postgres_metrics
    )
    return PostgresLog(database, settings.postgres, settings.append, metrics)


def _check(settings: StreamSettings, postgres: PostgresSettings) -> None:
    limit = settings.consumer.poll_interval
    for name in ("lock_timeout", "idle_in_transaction_timeout"):
        if (seconds := getattr(postgres, name)) >= limit:
            raise Misconfigured(f"postgres.{name} is {seconds:g} s: set it below stream.consumer.poll_interval, {limit:g} s")

"""What every client of Kafka is given, and how its errors become ours."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Final

from aiokafka import errors as kafka

from shared.errors import Misconfigured, Unavailable
from shared.stream.log import ENVELOPE_BYTES, RECORD_BYTES
from shared.stream.settings import KafkaSettings

MESSAGE_BYTES: Final = RECORD_BYTES + ENVELOPE_BYTES
"""What topics, producers and fetches accept of one record, its envelope included."""

CLOSED: Final = "the handler is closed"
"""What uvloop says, as a RuntimeError, of writing to a connection that ended a moment ago."""

_REFUSED = (
    kafka.TopicAuthorizationFailedError,
    kafka.GroupAuthorizationFailedError,
    kafka.ClusterAuthorizationFailedError,
    kafka.AuthenticationFailedError,
    kafka.UnsupportedVersionError,
    kafka.IncompatibleBrokerVersion,
)
_BUGS = (kafka.IllegalArgumentError,)


def connection(settings: KafkaSettings) -> dict[str, Any]:
    """Return the arguments that every client takes."""
    return {
        "bootstrap_servers": settings.bootstrap,
        "client_id": "symposia",
        "request_timeout_ms": round(settings.request_timeout * 1000),
        "security_protocol": settings.security_protocol,
        "ssl_context": _ssl(settings),
        "sasl_mechanism": settings.sasl_mechanism,
        "sasl_plain_username": settings.username or None,
        "sasl_plain_password": settings.password.get_secret_value() or None,
    }


@contextmanager
def outages() -> Iterator[None]:
    """Turn Kafka's errors, and a deadline that passed, into Unavailable; what waiting does not mend into Misconfigured."""
    try:
        yield
    except _REFUSED as error:
        raise Misconfigured(f"Kafka refuses us: {error!r}. Check SYMPOSIA_STREAM__KAFKA__….") from error
    except _BUGS:
        raise
    except (kafka.KafkaError, OSError, TimeoutError) as error:
        raise Unavailable("kafka", repr(error)) from error
    except RuntimeError as error:
        if CLOSED not in str(error):
            raise
        raise Unavailable("kafka", repr(error)) from error


async def stop(consumer: Any, patience: float) -> None:
    """Stop a consumer in order, or, where the brokers do not answer in time, as it is: aiokafka would leave its tasks behind."""
    if await _ended(consumer.stop(), patience):
        return
    if consumer._fetcher is not None:  # noqa: SLF001
        await _ended(consumer._fetcher.close(), patience)  # noqa: SLF001
    await _ended(consumer._client.close(), patience)  # noqa: SLF001


async def _ended(closing: Coroutine[Any, Any, None], patience: float) -> bool:
    """Say whether *closing* came to its end, in a task of its own: aiokafka awaits what it cancels, and so would cancel us."""
    task = asyncio.create_task(closing)
    try:
        await asyncio.wait([task], timeout=patience)
    finally:
        task.cancel()
    await asyncio.wait([task], timeout=patience)
    return task.done() and not task.cancelled() and task.exception() is None


def _ssl(settings: KafkaSettings) -> ssl.SSLContext | None:
    if not settings.security_protocol.endswith("SSL"):
        return None
    return ssl.create_default_context(cafile=settings.ca_path or None)

"""How the errors of Kafka's clients become ours, and how a client is given up."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Final

from aiokafka import errors as kafka

from shared.errors import Misconfigured, Unavailable
from shared.stream.log import ENVELOPE_BYTES, RECORD_BYTES

MESSAGE_BYTES: Final = RECORD_BYTES + ENVELOPE_BYTES
"""What topics, producers and fetches accept of one record, its envelope included."""

CLOSED: Final = "the handler is closed"
"""What uvloop says, as a RuntimeError, of writing to a connection that ended a moment ago."""

FORBIDDEN: Final = (
    kafka.TopicAuthorizationFailedError,
    kafka.GroupAuthorizationFailedError,
    kafka.ClusterAuthorizationFailedError,
)
"""What brokers say of what our user may not do."""

_REFUSED = (kafka.UnsupportedVersionError, kafka.IncompatibleBrokerVersion)
_BUGS = (kafka.IllegalArgumentError,)


@contextmanager
def outages(doing: str) -> Iterator[None]:
    """Turn Kafka's errors, and a deadline that passed, into Unavailable; what waiting does not mend into Misconfigured.

    *doing* is what our user may not do, where a broker says so.
    """
    try:
        yield
    except FORBIDDEN as error:
        raise forbidden(doing, error) from error
    except _REFUSED as error:
        raise Misconfigured(f"Kafka refuses us: {error!r}. Check SYMPOSIA_STREAM__KAFKA__….") from error
    except _BUGS:
        raise
    except (kafka.KafkaError, OSError, TimeoutError) as error:
        silent = isinstance(error, TimeoutError) and not str(error)
        raise Unavailable("kafka", "the brokers do not answer in time" if silent else repr(error)) from error
    except RuntimeError as error:
        if CLOSED not in str(error):
            raise
        raise Unavailable("kafka", repr(error)) from error


def forbidden(doing: str, error: Exception) -> Misconfigured:
    """Say that our user may not do what *doing* says."""
    return Misconfigured(
        f"Kafka does not let our user {doing} ({type(error).__name__}): docs/operations.md says what each service is granted."
    )


def is_lost(client: Any) -> bool:
    """Say whether *client*, which is aiokafka's, learns no more where partitions are led: its task met what it did not expect."""
    learning = client._sync_task  # noqa: SLF001  no public way leads to it
    return learning is not None and learning.done()


def let_be_closed(client: Any) -> None:
    """Take from *client* the task that ended, if it did: closing would raise what that met, and leave the connections open."""
    if is_lost(client):
        client._sync_task = None  # noqa: SLF001


async def stop(consumer: Any, patience: float) -> None:
    """Stop a consumer in order, or, where the brokers do not answer in time, as it is: aiokafka would leave its tasks behind."""
    let_be_closed(consumer._client)  # noqa: SLF001
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

"""The outbox: what a batch said, kept in one row until the log has it, and the only way from a row to the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import msgspec

from shared.contracts.topics import Topic
from shared.errors import Misconfigured, Unavailable
from shared.stream.log import Log, weigh
from shared.stream.record import Header, Outgoing
from shared.stream.steps import Observer, Step


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """What one batch said, in order, under the row's *id*."""

    id: int
    outgoing: tuple[Outgoing, ...]


class Outbox(Protocol):
    """Where rows wait, each under the key of its owner."""

    async def waiting(self, owner: str) -> Sequence[OutboxRow]:
        """Return the oldest rows of *owner* in the order of their ids; none where all were delivered."""

    async def delete(self, rows: Sequence[int]) -> None:
        """Forget the rows with the ids *rows*; nothing happens to those that somebody else already forgot."""


class _Wire(msgspec.Struct, array_like=True, frozen=True):
    """An outgoing record as a row keeps it."""

    topic: str
    partitions: int
    retention_ms: int
    key: bytes | None
    value: bytes
    headers: tuple[Header, ...]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(tuple[_Wire, ...])
_topic = lru_cache(maxsize=256)(Topic)


def encode_row(outgoing: Sequence[Outgoing]) -> bytes:
    """Write *outgoing* as the bytes of one row. Raises RecordTooLarge: a row that no log accepts would wait for ever."""
    weigh(outgoing)
    return _encoder.encode(
        [
            _Wire(each.topic.name, each.topic.partitions, each.topic.retention_ms, each.key, each.value, each.headers)
            for each in outgoing
        ]
    )


def decode_row(row: bytes) -> tuple[Outgoing, ...]:
    """Read what `encode_row` wrote; causes are not kept."""
    return tuple(
        Outgoing(_topic(wire.topic, wire.partitions, wire.retention_ms), wire.value, wire.key, wire.headers)
        for wire in _decoder.decode(row)
    )


async def publish(rows: Sequence[OutboxRow], log: Log, outbox: Outbox, observer: Observer) -> None:
    """Append what *rows* hold, in order, and forget them once the log has it. Raises Unavailable: they then stay.

    So they do where somebody has changed a topic, or our rights, since it was looked at: whoever is answered beside this goes on.
    """
    for _ in rows:
        await observer(Step.PUBLISHING)
    try:
        await log.append([each for row in rows for each in row.outgoing])
    except Misconfigured as refusal:
        raise Unavailable("log", str(refusal)) from refusal
    for _ in rows:
        await observer(Step.PUBLISHED)
    await outbox.delete([row.id for row in rows])
    for _ in rows:
        await observer(Step.OUTBOX_DELETED)


async def drain(owner: str, log: Log, outbox: Outbox, observer: Observer) -> None:
    """Publish all rows of *owner*, the oldest first. Raises Unavailable: the rest then stays."""
    while rows := await outbox.waiting(owner):
        for row in rows:
            await publish([row], log, outbox, observer)

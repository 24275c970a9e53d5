"""Say how far the recorder has come: one notification a transaction, which PostgreSQL delivers when it commits."""

from __future__ import annotations

from typing import Final

from shared.postgres import Transaction, load_queries
from shared.stream import Batch, Decision, Handler

CHANNEL: Final = "symposia_recorder"

_QUERIES: Final = load_queries("services.gateway.statements", "progress.sql")


class Announcing:
    """The recorder's handler, with a notification of the partition and the offset that its transaction reaches."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    async def __call__(self, batch: Batch, transaction: Transaction) -> Decision:
        """Let the handler decide, and announce that *batch* is applied."""
        decision = await self._handler(batch, transaction)
        await transaction.execute(_QUERIES["announce"], CHANNEL, announcement(batch))
        return decision


def announcement(batch: Batch) -> str:
    """Write `<partition> <next offset>`."""
    return f"{batch.partition.number} {batch.records[-1].offset + 1}"


def read_announcement(payload: str) -> tuple[int, int] | None:
    """Read the partition and the next offset, or None where the notification is not of this kind."""
    partition, _, offset = payload.partition(" ")
    return (int(partition), int(offset)) if partition.isdecimal() and offset.isdecimal() else None

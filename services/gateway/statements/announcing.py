"""Say how far the recorder has come: one notification a transaction, which PostgreSQL delivers when it commits."""

from __future__ import annotations

from typing import Final

from shared.postgres import Transaction, load_queries
from shared.stream import Batch, Decision, Handler

CHANNEL: Final = "symposia_recorder"
ANNOUNCED: Final = (2, 3)
"""How many numbers an announcement has."""

_QUERIES: Final = load_queries("services.gateway.statements", "progress.sql")


class Announcing:
    """The recorder's handler, with a notification of the partition and the offset that its transaction reaches."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    async def __call__(self, batch: Batch, transaction: Transaction) -> Decision:
        """Let the handler decide, and announce that *batch* is applied, and whether all of it was taken."""
        decision = await self._handler(batch, transaction)
        await transaction.execute(_QUERIES["announce"], CHANNEL, announcement(batch, whole=not decision.rejections))
        return decision


def announcement(batch: Batch, *, whole: bool = False) -> str:
    """Write `<partition> <next offset>`, and behind it the first offset where the *whole* batch was taken."""
    reached = f"{batch.partition.number} {batch.records[-1].offset + 1}"
    return f"{reached} {batch.records[0].offset}" if whole else reached


def read_announcement(payload: str) -> tuple[int, ...] | None:
    """Read the partition, the next offset and, where it is there, the first offset of what was taken; None for anything else."""
    numbers = payload.split(" ")
    if len(numbers) not in ANNOUNCED or not all(each.isascii() and each.isdecimal() for each in numbers):
        return None
    return tuple(map(int, numbers))

"""Handlers that cannot use what they read."""

from __future__ import annotations

from typing import Any

from shared.stream import Batch, Cause, Decision, GroupPartition, Handler, Partition, Rejection
from tests.contract.stream.stage import Stage

POISON = b"poison"


def careful(stage: Stage) -> Handler[Any]:
    """Return a handler that writes down what it can use and refuses the rest."""

    async def handler(batch: Batch, transaction: Any) -> Decision:
        good = [record for record in batch.records if not record.value.startswith(POISON)]
        bad = [record for record in batch.records if record.value.startswith(POISON)]
        await stage.books.write([record.value for record in good], transaction)
        return Decision(rejections=tuple(Rejection(record, f"cannot use {record.value[:10]!r}") for record in bad))

    return handler


async def done(stage: Stage, topic_name: str, offset: int) -> bool:
    return await stage.books.next_offset(GroupPartition("readers", Partition(topic_name, 0))) == offset


async def contradicted(batch: Batch, transaction: Any) -> Decision:
    """Refuse every record as a conflict; those with equal values say the same."""
    del transaction
    return Decision(rejections=tuple(Rejection(each, "why", Cause.CONFLICT, each.value) for each in batch.records))

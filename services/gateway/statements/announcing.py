"""Say how far the recorder has come: a notification with each settled batch, which PostgreSQL delivers when it commits."""

from __future__ import annotations

from typing import Final

from shared.stream import Batch, Settlement

CHANNEL: Final = "symposia_recorder"
ANNOUNCED: Final = (2, 3)
"""How many numbers an announcement has."""


def announce(settlement: Settlement) -> tuple[str, str]:
    """Announce what the recorder has applied, and whether all of it was taken."""
    return CHANNEL, announcement(settlement.applied, whole=not settlement.letters)


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

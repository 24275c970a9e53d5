"""Which partition a record goes to: by its key, else in turn."""

from __future__ import annotations

from itertools import count
from zlib import crc32

from shared.stream.record import Outgoing


class Partitioner:
    """Choose partitions: stable for a key, in turn without one."""

    def __init__(self) -> None:
        self._turns = count()

    def choose(self, record: Outgoing, partitions: int) -> int:
        """Return the number of the partition, of *partitions*, that takes *record*."""
        turn = next(self._turns) if record.key is None else crc32(record.key)
        return turn % partitions

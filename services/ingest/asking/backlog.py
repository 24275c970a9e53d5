"""How much of what strangers named waits to be asked for: anybody may name anything, and there is no end of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from services.ingest.asking.store import AskingStanding
from services.ingest.domain.source import SourceId


class Backlog:
    """What waits of each source, as the table said last, and what this process took since; full from *most* on."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting = Counter[SourceId]()

    def update(self, standings: Iterable[AskingStanding]) -> None:
        """Replace what was counted by how the sources stand now."""
        self._waiting = Counter({each.source: each.waiting for each in standings})

    def take(self, source: SourceId, number: int) -> None:
        """Count what was named, before the table knows of it."""
        self._waiting[source] += number

    def is_full(self, source: SourceId) -> bool:
        """Say whether nothing more may be named."""
        return self._waiting[source] >= self._most

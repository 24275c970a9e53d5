"""Statements that this process parsed at its door, so that its recorder need not parse the same bytes again."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock
from typing import Final

from services.gateway.domain.candidate import Candidate
from shared.contracts import ReceivedStatement

MOST_BYTES: Final = 8 * 1024 * 1024
"""Of statements, not counting what was parsed. A recorder that keeps up takes its own doors' statements within milliseconds."""


class Remembered:
    """Candidates by their bytes, each until the recorder takes it, or until younger ones of *most* bytes take its place.

    Whoever takes may be in another thread than who keeps.
    """

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._bytes = 0
        self._candidates: dict[bytes, Candidate] = {}
        self._turn = Lock()

    def keep(self, candidates: Iterable[tuple[bytes, Candidate]]) -> None:
        """Remember *candidates* by their bytes, as they are received; none is made where nothing is remembered."""
        if not self._most:
            return
        with self._turn:
            for body, candidate in candidates:
                if body not in self._candidates:
                    self._candidates[body] = candidate
                    self._bytes += len(body)
            while self._bytes > self._most:
                self._forget(next(iter(self._candidates)))

    def take(self, received: ReceivedStatement, body: bytes) -> Candidate | None:
        """Return the candidate that *received*, with these bytes, is known to be; it is not remembered any more."""
        with self._turn:
            found = self._forget(body) if body in self._candidates else None
        if found is None:
            return None
        return found if found.id == received.id and found.digest.hex() == received.digest else None

    def _forget(self, body: bytes) -> Candidate:
        self._bytes -= len(body)
        return self._candidates.pop(body)

"""What is moved: statements, a lot at a time, wherever they come from, and which of them are wanted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol, TypeAlias

from services.gateway.domain.enclosed import Sha2
from shared.xapi.model import Ifi

Advancing: TypeAlias = Callable[[int, int | None], None]
"""Told how much is done, and of how much, if that is known."""


def quietly(done: int, total: int | None) -> None:
    """Tell nobody."""
    del done, total


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which statements: *since* exclusive and *until* inclusive are about `stored`; *source* says through which door they came.

    *agent* matches as xAPI's parameter does: as actor or object, members included.
    """

    since: datetime | None = None
    until: datetime | None = None
    agent: Ifi | None = None
    verb: str | None = None
    activity: str | None = None
    source: str | None = None


class Moved(NamedTuple):
    """A statement as it is stored, byte by byte; *voided* is None where nobody can tell."""

    body: bytes
    voided: bool | None = None
    redacted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Lot:
    """Statements in order; *place* is where the next lot starts: as text, for a state file.

    *total* is how many there are about, where that is known, and *done* how many of these are done with this lot.
    """

    statements: tuple[Moved, ...]
    place: str
    done: int = 0
    total: int | None = None
    octets: Mapping[Sha2, bytes] = field(default_factory=dict)
    """Of attachments that came with the statements, where these come along."""


class Origin(Protocol):
    """Where statements are read."""

    def lots(self, wanted: Wanted, place: str) -> AsyncIterator[Lot]:
        """Yield what is *wanted*, from *place* on, in lots that are the same whenever they are asked for; "" is the start."""

    def attachments(self, lot: Lot) -> AsyncIterator[tuple[Sha2, bytes]]:
        """Yield the octets of attachments that came with the statements of *lot*, in pieces."""

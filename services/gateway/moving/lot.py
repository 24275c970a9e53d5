"""The lots in which statements are moved, the origins that they come from, and the choice of which are wanted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol, TypeAlias

from services.gateway.domain.enclosed import Sha2
from shared.xapi.model import Ifi

Advancing: TypeAlias = Callable[[int, int | None], None]
"""Hears how much is done, and of how much, or None where that is not known."""


def quietly(done: int, total: int | None) -> None:
    """Report no progress."""
    del done, total


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which statements are wanted: those stored after *since* and up to *until*, and that came through the door *source*.

    *agent* matches like xAPI's parameter of that name: the actor or the object, or a member of either.
    """

    since: datetime | None = None
    until: datetime | None = None
    agent: Ifi | None = None
    verb: str | None = None
    activity: str | None = None
    source: str | None = None


class Moved(NamedTuple):
    """A statement, byte by byte as it is stored; *voided* is None where that is not known."""

    body: bytes
    voided: bool | None = None
    redacted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Lot:
    """Statements in order; *place* says where the next lot starts, as text that goes into a state file.

    *total* is about how many statements there are, where that is known; *done* of them are done after this lot.
    """

    statements: tuple[Moved, ...]
    place: str
    done: int = 0
    total: int | None = None
    octets: Mapping[Sha2, bytes] = field(default_factory=dict)
    """The octets of attachments, from an origin that sends them along with the statements."""


class Origin(Protocol):
    """Where statements are read from."""

    def lots(self, wanted: Wanted, place: str) -> AsyncIterator[Lot]:
        """Yield what is *wanted* from *place* on ("" is the start), in lots that are the same each time they are read."""

    def attachments(self, lot: Lot) -> AsyncIterator[tuple[Sha2, bytes]]:
        """Yield the octets of attachments that came with the statements of *lot*, in pieces."""

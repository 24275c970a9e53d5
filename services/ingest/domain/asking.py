"""What a platform is asked, and what it answers: values, so that connectors ask and read by functions of values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final, TypeAlias

from services.ingest.domain.reading import Reading
from shared.xapi.model import JSON

Cursor: TypeAlias = Mapping[str, JSON]
"""Where a poll goes on; empty at its beginning. What is in it, only its connector knows."""

GONE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
"""By which statuses a platform says that something is not there, and will not be if it is asked again."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """When and for whom is asked: *now* is the clock's time, *hook* the public address of the source's own door."""

    now: datetime
    hook: str


@dataclass(frozen=True, slots=True)
class Request:
    """A request to a platform; of a stream, *listen* says for how many seconds: what was heard by then is its answer.

    *keep* is for how many seconds its answer serves again, without asking: of what seldom changes, such as a key set. *shown*
    says whether we show who we are. *bears* are refusals, by status, that are answers to its connector.
    """

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    listen: float | None = None
    keep: float = 0.0
    shown: bool = True
    bears: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a platform answered: *headers* by names in lower case, and the *body*, cut where it is too long."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def unchanged(self) -> bool:
        """Say whether there is nothing new since the validators that were sent (RFC 9110 §15.4.5)."""
        return self.status == HTTPStatus.NOT_MODIFIED


@dataclass(frozen=True, slots=True)
class Page:
    """What an answer to a poll says: what happened, where to go on, and when: at once (*more*), after *rest*, or as usual."""

    reading: Reading
    cursor: Cursor
    more: bool = False
    rest: timedelta | None = None

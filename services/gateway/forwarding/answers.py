"""Say what the answer of an LRS to a POST of statements means for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Final

import msgspec
import orjson

from shared.errors import SymposiaError
from shared.http.retry_after import seconds_asked
from shared.xapi.model import StatementId

LONGEST_WAIT: Final = 3600.0
"""Seconds for which a target's Retry-After is heeded at most."""
QUOTED: Final = 200
"""Characters of an answer that are kept."""

_OF_THE_TARGET: Final = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.PAYMENT_REQUIRED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.PROXY_AUTHENTICATION_REQUIRED,
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.GONE,
        HTTPStatus.MISDIRECTED_REQUEST,
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
"""Statuses that say nothing about the statements: the target, its address or our key is not as it should be."""


class TargetAway(SymposiaError):
    """The target takes no statements at present, whatever they are; leave it alone for at least *retry_after* seconds."""

    def __init__(self, reason: str, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


class TargetForbidden(TargetAway):
    """The target has an address that this installation may not send to."""


class _Result(msgspec.Struct):
    """A StatementResult (1.0.3 Data §2.5)."""

    statements: list[msgspec.Raw]


class Fate(StrEnum):
    """What became of the statements of one request."""

    TAKEN = "taken"
    CONFLICT = "conflict"
    """The target has some of them already, with the same content or another."""
    REFUSED = "refused"
    BROKEN = "broken"
    """The target failed: over these statements, or as it would have over any."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an LRS answered: the status, the headers that matter, and the first bytes of the body."""

    status: int
    body: bytes
    retry_after: str | None = None
    location: str | None = None
    content_type: str = ""

    @property
    def said(self) -> str:
        """Return status and body in one line that can be stored: at most QUOTED characters of the body, without NUL."""
        text = " ".join(self.body.decode("utf-8", "replace").replace("\0", " ").split())
        return f"{self.status} {text[:QUOTED]}".strip()


def fate(answer: Answer, ids: Sequence[StatementId], now: datetime) -> Fate:
    """Say what became of the statements *ids*. Raises TargetAway for an answer that is not about them."""
    if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return _taken(answer, ids)
    if answer.status < HTTPStatus.BAD_REQUEST:
        raise TargetAway(f"{answer.status}: redirects to {_without_query(answer.location)}; redirects are not followed")
    if answer.status in _OF_THE_TARGET:
        raise TargetAway(answer.said, wait_of(answer, now))
    if answer.status == HTTPStatus.CONFLICT:
        return Fate.CONFLICT
    return Fate.REFUSED if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR else Fate.BROKEN


def single_statement(body: bytes) -> bytes | None:
    """Return the statement in *body*, the answer to a GET by id; None where it holds none.

    1.0.3 Communication §2.1.3 has the statement itself; Ralph answers with a result that holds it, or nothing.
    """
    try:
        found = msgspec.json.decode(body, type=_Result).statements
    except msgspec.DecodeError:
        return body
    return bytes(found[0]) if found else None


def wait_of(answer: Answer, now: datetime) -> float:
    """Return the seconds that Retry-After asks for; 0 where it asks for none."""
    return seconds_asked(answer.retry_after or "", now, LONGEST_WAIT)


def no_answer(answer: Answer) -> TargetAway:
    """Return the error for an answer that does not show that an LRS took the statements."""
    return TargetAway(f"{answer.status} without the statements' ids: no LRS answers like this")


def _taken(answer: Answer, ids: Sequence[StatementId]) -> Fate:
    """Read from a 2xx answer what became of the statements *ids*. Raises TargetAway where it is not the answer of an LRS.

    An LRS names all statements that it takes (1.0.3 Communication §2.1.2), or has no body. Ralph and lrsql name only those that
    were new to them.
    """
    if not answer.body.strip():
        return Fate.TAKEN
    try:
        said = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        said = None
    named = {str(each).lower() for each in said} if isinstance(said, list) else None
    if named is None or not named <= set(ids):
        raise no_answer(answer)
    return Fate.TAKEN if named == set(ids) else Fate.CONFLICT


def _without_query(location: str | None) -> str:
    """Return where a redirect leads, without its query, which may hold a secret; a dash where it does not say."""
    return (location or "-").split("?")[0][:QUOTED]

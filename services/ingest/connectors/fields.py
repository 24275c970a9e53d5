"""Read the fields of a payload that a stranger shaped: what is missing or of another type is told, never assumed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final, ParamSpec, TypeVar

from services.ingest.connectors.times import of_milliseconds
from services.ingest.domain.reading import Reading, Reason, ignored
from shared.xapi.model import JSON

P = ParamSpec("P")
T = TypeVar("T")

LONGEST_ID: Final = 100
IDENTIFIER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]*")
OPAQUE: Final = re.compile(r"[^\s\x00-\x1f\x7f-\x9f]{1,200}")
LARGEST_ID: Final = 2**63
MOST_LISTED: Final = 100
MOST_DIGITS: Final = 17
"""Of a number that is written as a string, with its sign."""
IN_SECONDS: Final = 100_000_000_000
"""Below this a number is a time in seconds: in milliseconds it would be before March 1973."""


class Incomplete(ValueError):
    """A delivery is genuine, but lacks what its statement needs, or has it in another type."""


class Unheard(ValueError):
    """A delivery is genuine, and not ours to hear: for this *reason*."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def if_whole(read: Callable[P, Reading], *args: P.args, **kwargs: P.kwargs) -> Reading:
    """Return what *read* says of one of several things; what that one lacks harms no other."""
    try:
        return read(*args, **kwargs)
    except Incomplete:
        return ignored(Reason.INCOMPLETE)


def member(document: JSON, *path: str) -> JSON:
    """Return what stands at *path* in *document*, or None."""
    for name in path:
        if not isinstance(document, dict):
            return None
        document = document.get(name)
    return document


def several(document: JSON, *path: str, most: int = MOST_LISTED) -> list[JSON]:
    """Return the things that are listed at *path*, no more than *most*; none where that is no list."""
    found = member(document, *path)
    return found[:most] if isinstance(found, list) else []


def optional_text(document: JSON, *path: str) -> str | None:
    """Return the text at *path*; None where there is none, or where it is empty."""
    value = member(document, *path)
    return value if isinstance(value, str) and value else None


def text(document: JSON, *path: str) -> str:
    """Return the text at *path*; raise Incomplete where there is none."""
    return _found(optional_text(document, *path), path)


def optional_identifier(document: JSON, *path: str) -> str | None:
    """Return the id at *path*, a number or a plain word, as text; None where there is none or where it is no such thing."""
    value = member(document, *path)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < LARGEST_ID:
        return str(value)
    if isinstance(value, str) and len(value) <= LONGEST_ID and IDENTIFIER.fullmatch(value):
        return value
    return None


def identifier(document: JSON, *path: str) -> str:
    """Return the id at *path* as text; raise Incomplete where there is none."""
    return _found(optional_identifier(document, *path), path)


def optional_opaque(document: JSON, *path: str) -> str | None:
    """Return the id at *path* that may be written in any way, but for blanks; None where there is none or a longer one."""
    value = member(document, *path)
    if isinstance(value, str) and OPAQUE.fullmatch(value):
        return value
    return optional_identifier(document, *path)


def opaque(document: JSON, *path: str) -> str:
    """Return the id at *path* that may be written in any way, but for blanks; raise Incomplete where there is none."""
    return _found(optional_opaque(document, *path), path)


def optional_number(document: JSON, *path: str) -> int | None:
    """Return the whole number at *path*, which may be written as a string; None where there is none."""
    value = member(document, *path)
    if isinstance(value, str) and value.isascii() and value.removeprefix("-").isdecimal() and len(value) <= MOST_DIGITS:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < LARGEST_ID else None


def number(document: JSON, *path: str) -> int:
    """Return the whole number at *path*; raise Incomplete where there is none."""
    return _found(optional_number(document, *path), path)


def optional_time(document: JSON, *path: str) -> str | None:
    """Return the ISO 8601 time at *path* in UTC, with milliseconds or, if it has them, microseconds; None where there is none."""
    value = optional_text(document, *path)
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(value)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    spec = "microseconds" if at.microsecond % 1000 else "milliseconds"
    return at.replace(tzinfo=None).isoformat(timespec=spec) + "Z"


def time(document: JSON, *path: str) -> str:
    """Return the ISO 8601 time at *path* as `optional_time` does; raise Incomplete where there is none."""
    return _found(optional_time(document, *path), path)


def optional_moment(document: JSON, *path: str) -> str | None:
    """Return the time at *path*, in (milli)seconds since 1970, as RFC 3339 in UTC; None where there is none."""
    value = optional_number(document, *path)
    if value is None:
        return None
    return of_milliseconds(value * 1000 if value < IN_SECONDS else value)


def moment(document: JSON, *path: str) -> str:
    """Return the time at *path* as `optional_moment` does; raise Incomplete where there is none."""
    return _found(optional_moment(document, *path), path)


def fits(text: str, most: int) -> bool:
    """Say whether *text* has *most* bytes at most: an index takes no more than some, whatever letters they write."""
    return len(text) <= most and len(text.encode(errors="replace")) <= most


def _found(value: T | None, path: Sequence[str]) -> T:
    """Return *value*, which stands at *path*; raise Incomplete where there is none."""
    if value is None:
        raise Incomplete("/".join(path))
    return value

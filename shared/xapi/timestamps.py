"""Read the timestamps that validation accepts."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

IN_UTC: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?Z")
"""As RFC 3339 writes a moment in UTC."""
PARTS: Final = re.compile(r"(.{10}T..:..|.{8}T....)(?::?([0-9]{2}(?:[.,][0-9]+)?))?(.*)")
"""Up to the minute, which a zone may move; the seconds, which none does; and the zone."""
LEAP_SECOND: Final = re.compile(r"^(.{10}T..:?..:|.{8}T....)60")

FIRST: Final = datetime.min.replace(tzinfo=UTC)
LAST: Final = datetime.max.replace(tzinfo=UTC)
"""To PostgreSQL's driver these are its infinities, which come back as moments in no zone."""
MICROSECOND: Final = timedelta(microseconds=1)


def instant(text: str) -> datetime:
    """Return the moment that *text* names, aware and in UTC, cut to microseconds; without a zone it is UTC.

    A leap second becomes the first moment after it, and the first and the last moment of all the one next to it. Raises
    ValueError for a day that the calendar does not have, and for a moment that UTC puts outside the years 1 to 9999.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = _unusual(text.upper())
    if moment.tzinfo is not UTC:
        moment = _moved(moment)
    return moment if FIRST < moment < LAST else min(max(moment, FIRST + MICROSECOND), LAST - MICROSECOND)


def in_utc(text: str) -> str:
    """Write the moment that *text* names as RFC 3339 does in UTC, to the last digit of its seconds; without a zone it is UTC.

    Raises ValueError as `instant` does.
    """
    if IN_UTC.fullmatch(text):
        return text
    written = PARTS.fullmatch(text.upper())
    if written is None:
        raise ValueError("no date and time")
    minute, seconds, zone = written.groups(default="")
    moment = instant(f"{minute}{zone}").replace(tzinfo=None)
    return f"{moment.isoformat(timespec='minutes')}:{seconds.replace(',', '.') or '00'}Z"


def _moved(moment: datetime) -> datetime:
    """Return *moment* in UTC. Raises ValueError where that has no such year."""
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("beyond the years 1 to 9999") from error


def _unusual(text: str) -> datetime:
    """Read lower-case letters and leap seconds."""
    leaping = LEAP_SECOND.match(text)
    if not leaping:
        return datetime.fromisoformat(text)
    before = datetime.fromisoformat(f"{leaping.group(1)}59{text[leaping.end() :]}").replace(microsecond=0)
    try:
        return before + timedelta(seconds=1)
    except OverflowError as error:
        raise ValueError("beyond the years 1 to 9999") from error

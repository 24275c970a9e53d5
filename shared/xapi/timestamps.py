"""Read the timestamps that validation accepts."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

IN_UTC: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?Z")
"""A moment in UTC as RFC 3339 writes it."""
PARTS: Final = re.compile(r"(.{10}T..:..|.{8}T....)(?::?([0-9]{2}(?:[.,][0-9]+)?))?(.*)")
"""The parts of a timestamp: up to the minute, which a zone may move; the seconds, which it does not; and the zone."""
LEAP_SECOND: Final = re.compile(r"^(.{10}T..:?..:|.{8}T....)60")

FIRST: Final = datetime.min.replace(tzinfo=UTC)
LAST: Final = datetime.max.replace(tzinfo=UTC)
"""PostgreSQL's driver stores these two as infinities, which come back without a zone."""
MICROSECOND: Final = timedelta(microseconds=1)


def instant(text: str) -> datetime:
    """Return the moment that *text* names, aware and in UTC, cut to microseconds; a *text* without a zone is in UTC.

    A leap second becomes the first moment after it. The first and the last moment that `datetime` knows become their neighbours.
    Raises ValueError for a day that the calendar does not have, and for a moment outside the years 1 to 9999 in UTC.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = _unusual(text.upper())
    if moment.tzinfo is not UTC:
        moment = _moved(moment)
    return moment if FIRST < moment < LAST else min(max(moment, FIRST + MICROSECOND), LAST - MICROSECOND)


def in_utc(text: str) -> str:
    """Write the moment that *text* names in UTC as RFC 3339 does, with all digits of its seconds.

    A *text* without a zone is in UTC. Raises ValueError as `instant` does.
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
    """Return *moment* in UTC. Raises ValueError outside the years 1 to 9999."""
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

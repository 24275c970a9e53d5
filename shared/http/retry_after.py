"""For how long others ask to be spared: seconds, or a moment in one of the ways in which headers write it. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

_NUMBER: Final = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,20})?")
_MOMENTS: Final = 1_000_000_000
"""Nobody asks to be spared for 30 years: from here on a number is a moment, in seconds since 1970."""


def seconds_asked(said: str, now: datetime, most: float) -> float:
    """Return the seconds that *said* asks for, from 0 to *most*; 0 where it says nothing that can be read.

    `Retry-After` is a number or a date (RFC 9110 §10.2.3); headers of rate limits have it since 1970, too, or as ISO 8601 does.
    """
    said = said.strip()
    if _NUMBER.fullmatch(said):
        seconds = float(said)
        seconds -= now.timestamp() if seconds >= _MOMENTS else 0.0
    else:
        until = _moment(said)
        seconds = 0.0 if until is None else (until - now).total_seconds()
    return min(max(seconds, 0.0), most)


def _moment(said: str) -> datetime | None:
    """Return the moment that *said* names, in UTC where it names no zone."""
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = read(said)
        except (ValueError, OverflowError):  # a year of twenty digits
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None

"""Weeks: the grain of time in which impact is counted."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, NewType

Week = NewType("Week", int)
"""Whole weeks since Monday 1970-01-05, UTC; negative before it."""

FIRST_MONDAY: Final = date(1970, 1, 5).toordinal()


def week_of(moment: datetime) -> Week:
    """Return the week that *moment* (UTC) falls in."""
    return Week((moment.toordinal() - FIRST_MONDAY) // 7)

"""Time is an argument: `utc_now` is handed down from `app.py`, and nothing else reads the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

import orjson

Clock: TypeAlias = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the time, aware, in UTC."""
    return datetime.now(UTC)  # noqa: TID251  the one clock


def rfc3339(time: datetime) -> str:
    """Write *time* in UTC with microseconds, as it stands in statements and messages: `2026-01-31T12:00:00.000000Z`."""
    text = orjson.dumps(time if time.tzinfo is UTC else time.astimezone(UTC), option=orjson.OPT_UTC_Z)[1:-1].decode()
    return text if time.microsecond else f"{text[:-1]}.000000Z"

"""Times that platforms tell in other ways than ISO 8601: of each comes RFC 3339 in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
LAST_MILLISECOND: Final = 253_402_300_799_999
"""Of the year 9999."""
UUID_EPOCH: Final = datetime(1582, 10, 15, tzinfo=UTC)
TIME_BASED: Final = 1


def of_milliseconds(counted: int) -> str | None:
    """Return the time so many milliseconds after 1970 began; None where that is none: zero is what many write for never."""
    if not 0 < counted <= LAST_MILLISECOND:
        return None
    return (EPOCH + timedelta(milliseconds=counted)).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def of_uuid(name: UUID) -> str | None:
    """Return when *name* was made, if it is made of the time (RFC 9562 §5.1); None where it is of another kind."""
    if name.version != TIME_BASED:
        return None
    at = UUID_EPOCH + timedelta(microseconds=name.time // 10)
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if at.year > UUID_EPOCH.year else None

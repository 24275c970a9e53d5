"""Times come back in UTC (2.0.0 §4.2.7, and 1.0.3 Data §4.5 where it can be); all other bytes stay as they were sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from shared.xapi.scan import rewritten
from shared.xapi.timestamps import IN_UTC, in_utc

_TIMESTAMP: Final = "timestamp"


def has_other_zone(statement: Mapping[str, Any]) -> bool:
    """Say whether *statement*, or its SubStatement, tells a time otherwise than RFC 3339 writes it in UTC."""
    if _TIMESTAMP in statement and not IN_UTC.fullmatch(statement[_TIMESTAMP]):
        return True
    target = statement["object"]
    return target.get("objectType") == "SubStatement" and _TIMESTAMP in target and not IN_UTC.fullmatch(target[_TIMESTAMP])


def with_times_in_utc(raw: bytes) -> bytes:
    """Return the statement *raw* (one valid JSON object) with its times as RFC 3339 writes them in UTC."""
    return rewritten(_timed(raw), "object", _timed)


def _timed(raw: bytes) -> bytes:
    return rewritten(raw, _TIMESTAMP, lambda text: orjson.dumps(in_utc(orjson.loads(text))))

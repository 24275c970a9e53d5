"""Context activities are lists, also where one came alone (1.0.3 Data §2.4.6.2); all other bytes stay as they were sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.xapi.scan import joined, rewritten, values


def has_activity_alone(statement: Mapping[str, Any]) -> bool:
    """Say whether a context of *statement*, or of its SubStatement, relates to an activity that stands in no list."""
    if "context" in statement and _alone(statement["context"]):
        return True
    target = statement["object"]
    return target.get("objectType") == "SubStatement" and "context" in target and _alone(target["context"])


def in_lists(raw: bytes) -> bytes:
    """Return the statement *raw* (one valid JSON object) with each context activity that stands alone in a list of one."""
    return rewritten(_context(raw), "object", _context)


def _alone(context: Mapping[str, Any]) -> bool:
    return dict in map(type, context.get("contextActivities", {}).values())


def _context(raw: bytes) -> bytes:
    return rewritten(raw, "context", lambda context: rewritten(context, "contextActivities", _lists))


def _lists(activities: bytes) -> bytes:
    return joined(before + (b"[" + value + b"]" if value.startswith(b"{") else value) for _, before, value in values(activities))

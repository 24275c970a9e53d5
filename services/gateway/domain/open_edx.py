"""Statements of Open edX (event-routing-backends) in what xAPI has for them; for credentials with the quirk `open-edx` alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from shared.xapi.model import JSON

_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", re.ASCII)


def changed_members(statement: Mapping[str, Any]) -> dict[str, JSON]:
    """Return the top-level members of *statement* that have to be others, as xAPI has them.

    A problem of several questions is an Activity (there: `GroupActivity`); an attempt at an exam, a bare UUID there, is named by
    its URN (RFC 4122 §3); a score from 0 to 0, of what gives no points, says no min, which would have to be less than its max.
    """
    understood = {
        "object": _activity(statement.get("object")),
        "context": _context(statement.get("context")),
        "result": _result(statement.get("result")),
    }
    return {name: value for name, value in understood.items() if value is not statement.get(name)}


def _activity(value: Any) -> Any:
    """Return an activity as one; *value* itself where nothing is to be done, as all of these do."""
    if not isinstance(value, dict) or value.get("objectType") != "GroupActivity":
        return value
    return {**value, "objectType": "Activity"}


def _related(value: Any) -> Any:
    """Return a context activity as one, and an attempt at an exam by its URN."""
    activity = _activity(value)
    identifier = activity.get("id") if isinstance(activity, dict) else None
    if not isinstance(identifier, str) or not _UUID.fullmatch(identifier):
        return activity
    return {**activity, "id": f"urn:uuid:{identifier.lower()}"}


def _context(value: Any) -> Any:
    related = value.get("contextActivities") if isinstance(value, dict) else None
    if not isinstance(related, dict):
        return value
    understood = {relation: _activities(each) for relation, each in related.items()}
    same = all(understood[relation] is each for relation, each in related.items())
    return value if same else {**value, "contextActivities": understood}


def _activities(value: Any) -> Any:
    if not isinstance(value, list):
        return _related(value)
    understood = [_related(each) for each in value]
    return value if all(new is old for new, old in zip(understood, value, strict=True)) else understood


def _result(value: Any) -> Any:
    score = value.get("score") if isinstance(value, dict) else None
    if not isinstance(score, dict) or not (_is_zero(score.get("min")) and _is_zero(score.get("max"))):
        return value
    return {**value, "score": {name: each for name, each in score.items() if name != "min"}}


def _is_zero(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == 0

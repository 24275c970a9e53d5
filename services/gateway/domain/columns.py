"""Write a statement as one flat row of a table, for people and spreadsheets: much of it is left out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from shared.xapi import ifi
from shared.xapi.model import JSON

COLUMNS: Final = (
    "id",
    "stored",
    "timestamp",
    "actor_type",
    "actor_ifi",
    "actor_name",
    "verb",
    "object_type",
    "object_id",
    "object_name",
    "score_scaled",
    "score_raw",
    "score_min",
    "score_max",
    "success",
    "completion",
    "duration",
    "response",
    "registration",
    "parent_ids",
    "grouping_ids",
    "platform",
    "language",
    "voided",
    "redacted_at",
)
"""In this order; docs/moving.md says what each holds."""

TEXTS: Final = frozenset({"actor_ifi", "actor_name", "object_id", "object_name", "response", "platform", "language"})
"""Columns of what people may have typed: a spreadsheet would take some of it for a formula."""

FORMULA: Final = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\r", "\n", "'")
"""A text that starts so gets an apostrophe before it, which an import takes off again. Some spreadsheets know full-width ones."""

SCORES: Final = ("scaled", "raw", "min", "max")
_NOTHING: Final[dict[str, JSON]] = {}


def row(statement: Mapping[str, JSON], *, voided: bool | None, redacted_at: str = "") -> dict[str, str]:
    """Return the row of a *statement* of a record: by column, only those that hold something.

    *voided* is empty where nobody knows it.
    """
    result, context = statement.get("result", _NOTHING), statement.get("context", _NOTHING)
    cells: dict[str, Any] = {
        **{name: statement.get(name) for name in ("id", "stored", "timestamp")},
        "actor_type": statement["actor"].get("objectType", "Agent"),
        "actor_ifi": ifi.canonical(statement["actor"]),
        "actor_name": statement["actor"].get("name"),
        "verb": statement["verb"]["id"],
        **_object(statement["object"], context.get("language")),
        **{f"score_{name}": result.get("score", _NOTHING).get(name) for name in SCORES},
        **{name: result.get(name) for name in ("success", "completion", "duration", "response")},
        **{name: context.get(name) for name in ("registration", "platform", "language")},
        "parent_ids": _ids(context, "parent"),
        "grouping_ids": _ids(context, "grouping"),
        "voided": voided,
        "redacted_at": redacted_at,
    }
    return {name: _cell(name, value) for name, value in cells.items() if value not in (None, "")}


def shielded(text: str) -> str:
    """Return *text* so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def unshielded(text: str) -> str:
    """Return what was *shielded*."""
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA) else text


def _object(target: Mapping[str, Any], language: str | None) -> dict[str, str | None]:
    kind = target.get("objectType", "Activity")
    if kind in {"Agent", "Group"}:
        return {"object_type": kind, "object_id": ifi.canonical(target), "object_name": target.get("name")}
    names = target.get("definition", _NOTHING).get("name", _NOTHING)
    return {"object_type": kind, "object_id": target.get("id"), "object_name": _in_language(names, language)}


def _in_language(texts: Mapping[str, str], language: str | None) -> str | None:
    """Return the text in the statement's own *language*, in English, or the first."""
    preferred = (tag for tag in (language, "en", "en-US", *texts) if tag is not None and tag in texts)
    return next((texts[tag] for tag in preferred), None)


def _ids(context: Mapping[str, Any], relation: str) -> str:
    """Return the ids of related activities, a space between: no IRI has one."""
    found = context.get("contextActivities", _NOTHING).get(relation, ())
    several: Iterable[Mapping[str, str]] = [found] if isinstance(found, dict) else found
    return " ".join(activity["id"] for activity in several)


def _cell(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return shielded(value) if name in TEXTS else str(value)

"""Write impact into answers: always as provisional and advisory, with the version of the rules and the moment it holds for."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from starlette.responses import Response

from services.gateway.domain.columns import shielded
from services.gateway.impact.asking import ChangeKey, Shown, cursor_behind, cursor_of
from services.gateway.impact.store import Row
from shared.clock import rfc3339
from shared.media_types import JSON_TYPE

CSV_TYPE: Final = "text/csv; charset=utf-8"
CURSOR_HEADER: Final = "X-Next-Cursor"
STANDING: Final = {"provisional": True, "decision_use": "advisory"}
"""Goes with every number: no decision about a person may rest on it alone (GDPR Art. 22, CJEU C-634/21)."""

FIGURES: Final = ("impact", "reception", "contribution", "grounding", "facts")
FACT: Final = ("statement_id", "dimension", "peer", "object", "course", "course_title", "method", "evidence", "copy_of")
CREDIT: Final = ("weight", "kappa", "age_weeks", "credit", "counted")
COLUMNS: Final = (
    "learner",
    "external_id",
    "deleted",
    *FIGURES,
    "informal_facts",
    "provisional",
    "rules_version",
    "as_of",
    "decision_use",
)
"""The columns of the CSV; their order stays, and new ones are added at the end."""

_DAYS: Final = 7
_EXPLAINED: Final = (*((name, name) for name in (*FACT, *CREDIT)), ("informal", "fact_informal"))
_OF_THE_MOMENT: Final = frozenset({"as_of", "next_cursor"})


@dataclass(frozen=True, slots=True)
class Page:
    """One learner's impact, a page of the *facts* behind it, and, where more follow, the last fact of the page."""

    scored: Row
    facts: Sequence[Row]
    following: Shown | None

    @classmethod
    def of(cls, rows: Sequence[Row], limit: int) -> Page:
        """Take *limit* facts of *rows*.

        If more follow, *rows* hold one more; if there are none, they hold one row without a fact.
        """
        facts = [row for row in rows[:limit] if row["statement_id"] is not None]
        last = facts[-1] if len(rows) > limit else None
        return cls(rows[0], facts, None if last is None else _shown(last))


def impact(row: Row) -> dict[str, Any]:
    """Return one learner's impact as JSON values."""
    return {"learner": str(row["learner"]), **_figures(row)}


def explanation(page: Page) -> dict[str, Any]:
    """Return one learner's impact and a page of the facts behind it; the credits shown and not shown sum to the impact."""
    facts = [{name: row[column] for name, column in _EXPLAINED} for row in page.facts]
    shown = sum(row["credit"] for row in page.facts)
    missing, credit = page.scored["facts"] - len(facts), max(page.scored["impact"] - shown, 0.0)
    following = None if page.following is None else cursor_behind(page.following)
    not_shown = {"facts_not_shown": missing, "credit_not_shown": credit, "next_cursor": following}
    return impact(page.scored) | not_shown | {"explanation": orjson.Fragment(_json(facts))}


def change(row: Row) -> dict[str, Any]:
    """Return one learner's changed impact; for a learner whose facts are all deleted, only that they are."""
    head = {"learner": str(row["learner"]), "external_id": row["external_id"], "deleted": row["deleted"]}
    return head if row["deleted"] else head | _figures(row)


def changes(rows: Sequence[Row], following: ChangeKey) -> dict[str, Any]:
    """Return a page of changes, with the cursor of the next."""
    return {"changes": [change(row) for row in rows], "next_cursor": cursor_of(following)}


def table(rows: Sequence[Row]) -> bytes:
    """Write a page of changes as CSV (RFC 4180), with text shielded from being read as formulas by spreadsheets."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in rows:
        told = change(row)
        writer.writerow([_cell(told.get(column)) for column in COLUMNS])
    return text.getvalue().encode()


def json_response(document: Mapping[str, Any], headers: Mapping[str, str] | None = None, status: int = 200) -> Response:
    """Write *document* as an answer that no shared cache keeps."""
    private = {"Cache-Control": "private, no-cache", **(headers or {})}
    return Response(_json(document), status, media_type=JSON_TYPE, headers=private)


def tagged(document: Mapping[str, Any], as_of: datetime, asked: str | None, headers: Mapping[str, str] | None = None) -> Response:
    """Write *document* with a weak ETag, or 304 where *asked* (`If-None-Match`) names it already.

    Impact fades by whole weeks, so the tag holds for the week of *as_of*: within it, answers differ only if facts have changed.
    """
    lasting = {name: value for name, value in document.items() if name not in _OF_THE_MOMENT}
    week = (as_of.toordinal() - 1) // _DAYS  # day 1 of the calendar is a Monday
    digest = hashlib.blake2b(_json(lasting) + str(week).encode(), digest_size=12).hexdigest()
    tag = f'W/"{digest}"'
    if asked is not None and (asked.strip() == "*" or tag.removeprefix("W/") in asked):
        return Response(status_code=304, headers={"ETag": tag, "Cache-Control": "private, no-cache"})
    return json_response(document, {"ETag": tag, **(headers or {})})


def _shown(row: Row) -> Shown:
    return Shown(row["as_of"], row["credit"], row["age_weeks"], row["statement_id"], row["dimension"])


def _json(document: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> bytes:
    return orjson.dumps(document, default=str)  # UUIDs come as PostgreSQL's driver makes them


def _figures(row: Row) -> dict[str, Any]:
    figures = {name: row[name] for name in FIGURES}
    made = {"rules_version": row["rules_version"], "as_of": rfc3339(row["as_of"])}
    return figures | {"informal_facts": row["informal"]} | STANDING | made


def _cell(value: object) -> object:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return shielded(value)
        case _:
            return value

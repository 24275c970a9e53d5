"""How impact is told: always as provisional advice, with the rules and the moment it holds for."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from starlette.responses import Response

from services.gateway.domain.columns import shielded
from services.gateway.impact.asking import Place, cursor_of
from services.gateway.impact.store import Row
from shared.clock import rfc3339
from shared.media_types import JSON_TYPE

CSV_TYPE: Final = "text/csv; charset=utf-8"
CURSOR_HEADER: Final = "X-Next-Cursor"
STANDING: Final = {"provisional": True, "decision_use": "advisory"}
"""Said with every number: no decision on a person may rest on it alone (GDPR Art. 22, CJEU C-634/21)."""

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
"""The columns of the CSV, in an order that stays; new ones come at the end."""

_DAYS: Final = 7


def impact(row: Row) -> dict[str, Any]:
    """Tell one learner's impact."""
    return {"learner": str(row["learner"]), **_figures(row)}


def explanation(rows: Sequence[Row]) -> dict[str, Any]:
    """Tell one learner's impact and the facts behind it; the credits, and what is not shown, sum to the impact."""
    facts = [
        {name: row[name] for name in FACT} | {name: row[name] for name in CREDIT} | {"informal": row["fact_informal"]}
        for row in rows
    ]
    shown = sum(row["credit"] for row in rows)
    not_shown = {"facts_not_shown": rows[0]["facts"] - len(rows), "credit_not_shown": max(rows[0]["impact"] - shown, 0.0)}
    return impact(rows[0]) | not_shown | {"explanation": facts}


def change(row: Row) -> dict[str, Any]:
    """Tell what became of one learner's impact; of one whose facts are gone, only that."""
    head = {"learner": str(row["learner"]), "external_id": row["external_id"], "deleted": row["deleted"]}
    return head if row["deleted"] else head | _figures(row)


def changes(rows: Sequence[Row], following: Place) -> dict[str, Any]:
    """Tell a page of changes, and from where to go on."""
    return {"changes": [change(row) for row in rows], "next_cursor": cursor_of(following)}


def table(rows: Sequence[Row]) -> bytes:
    """Write a page of changes as CSV (RFC 4180) that no spreadsheet takes for formulas; numbers stay numbers."""
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


def tagged(document: Mapping[str, Any], as_of: datetime, asked: str | None) -> Response:
    """Write *document* with a weak ETag, or 304 where *asked* (`If-None-Match`) names it already.

    Impact fades by whole weeks, so the tag holds for the week of *as_of*: two answers in it differ by nothing else.
    """
    lasting = {name: value for name, value in document.items() if name != "as_of"}
    week = (as_of.toordinal() - 1) // _DAYS  # day 1 of the calendar is a Monday
    digest = hashlib.blake2b(_json(lasting) + str(week).encode(), digest_size=12).hexdigest()
    tag = f'W/"{digest}"'
    if asked is not None and (asked.strip() == "*" or tag.removeprefix("W/") in asked):
        return Response(status_code=304, headers={"ETag": tag, "Cache-Control": "private, no-cache"})
    return json_response(document, {"ETag": tag})


def _json(document: Mapping[str, Any]) -> bytes:
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

"""What OpenAPI says of the impact doors; their parameters are read by hand, so that a mistake is told in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from services.gateway.impact.answers import CREDIT, CURSOR_HEADER, FACT, FIGURES
from services.gateway.impact.asking import FIRST_YEAR, LAST_YEAR, LONGEST_CURSOR, REFERENCES, Purpose
from services.gateway.openapi import (
    COUNT,
    MOMENT,
    TEXT,
    TO_ALL,
    UUID,
    answer,
    header,
    nullable,
    parameter,
    record,
    reference,
    refused,
)

_UUID_PATTERN: Final = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
REF: Final = parameter(
    "ref",
    f"Whom it is about: {REFERENCES}",
    where="path",
    required=True,
    pattern=f"^({_UUID_PATTERN}|mbox_sha1sum:[0-9a-fA-F]{{40}}|external:.+)$",
)
PURPOSE: Final = parameter("purpose", "What the impact is read for; or X-Purpose", required=True, enum=list(Purpose))
AS_OF: Final = parameter(
    "as_of",
    f"The moment to which evidence fades (RFC 3339, of the years {FIRST_YEAR} to {LAST_YEAR}); default: now",
    format="date-time",
)
SINCE: Final = parameter(
    "changed_since", "`next_cursor` of the last answer; without it, from the beginning", maxLength=LONGEST_CURSOR
)
AFTER: Final = parameter("after", "`next_cursor` of the page before; without it, the first page", maxLength=LONGEST_CURSOR)
KNOWN: Final = parameter("If-None-Match", "The ETag of what is known: 304 where nothing has changed", where="header")

_NUMBER: Final = {"type": "number"}
_STANDING: Final[Mapping[str, Mapping[str, Any]]] = {
    "provisional": {"type": "boolean", "const": True},
    "decision_use": {"type": "string", "const": "advisory"},
    "rules_version": TEXT,
    "as_of": MOMENT,
}
_FIGURES: Final[Mapping[str, Mapping[str, Any]]] = {
    **dict.fromkeys(FIGURES, _NUMBER),
    "grounding": nullable(_NUMBER),
    "facts": COUNT,
    "informal_facts": COUNT,
    **_STANDING,
}
_FACT: Final = {
    **dict.fromkeys((*FACT, *CREDIT), nullable(TEXT)),
    "statement_id": UUID,
    "dimension": {"type": "string", "enum": ["reception", "contribution"]},
    "peer": nullable(UUID),
    "copy_of": nullable(UUID),
    "weight": _NUMBER,
    "kappa": _NUMBER,
    "age_weeks": {"type": "integer"},
    "credit": _NUMBER,
    "counted": {"type": "boolean"},
    "informal": {"type": "boolean"},
}
_EXPLANATION: Final[Mapping[str, Mapping[str, Any]]] = {
    "learner": UUID,
    **_FIGURES,
    "facts_not_shown": COUNT,
    "credit_not_shown": _NUMBER,
    "next_cursor": nullable(TEXT),
    "explanation": {"type": "array", "items": reference("Fact")},
}
_CHANGE: Final[Mapping[str, Mapping[str, Any]]] = {
    "learner": UUID,
    "external_id": nullable(TEXT),
    "deleted": {"type": "boolean"},
    **_FIGURES,
}

SCHEMAS: Final[dict[str, Any]] = {
    "Impact": record({"learner": UUID, **_FIGURES}),
    "Fact": record(_FACT),
    "Explanation": record(_EXPLANATION),
    "Change": record(_CHANGE, *_FIGURES),
    "Changes": record({"changes": {"type": "array", "items": reference("Change")}, "next_cursor": TEXT}),
    "Objection": record({"learner": UUID, "objects": {"type": "boolean"}, "at": MOMENT}),
}

_ABSENT: Final = {"404": "Nobody has facts under this reference: unknown, not yet scored, or objecting"}
_UNKNOWN: Final = {"404": "No learner is known by this reference"}
_RESTORED: Final = {"410": "The cursor is of another database, or from before a restore or a failover: begin without one"}
_TAG: Final = {"ETag": header("What is told, for this week")}
_LINK: Final = {"Link": header("Leads to the next page, where there is one")}
_CURSOR: Final = {CURSOR_HEADER: header("From where to go on")}
_SAME: Final = {"304": {"description": "As `If-None-Match` says, and nothing has changed"}}


def _limit(default: int, most: int) -> dict[str, Any]:
    return parameter("limit", "How many at most", type="integer", minimum=1, maximum=most, default=default)


def _of_one(name: str, summary: str, schema: str, *more: dict[str, Any]) -> dict[str, Any]:
    told = answer("Impact, provisional and advisory", reference(schema), headers=_TAG | (_LINK if more else {}))
    return {
        "operationId": name,
        "summary": summary,
        "parameters": [REF, PURPOSE, AS_OF, *more, KNOWN],
        "responses": {"200": told, **_SAME, **refused(_ABSENT, *TO_ALL, "404")},
    }


def impact() -> dict[str, Any]:
    """Describe how one learner's impact is read."""
    return _of_one("readImpact", "Read a learner's impact", "Impact")


def explanation(default: int, most: int) -> dict[str, Any]:
    """Describe how it is explained, *most* facts on a page."""
    return _of_one("explainImpact", "Explain a learner's impact", "Explanation", AFTER, _limit(default, most))


def changes(default: int, most: int) -> dict[str, Any]:
    """Describe the feed, in JSON and, by `Accept`, in CSV."""
    told = answer("Impact, provisional and advisory", reference("Changes"), headers=_LINK | _CURSOR)
    told["content"]["text/csv"] = {"schema": TEXT}
    return _of_many("listChanges", "Read whose impact changed", told, _limit(default, most))


def changes_as_csv(default: int, most: int) -> dict[str, Any]:
    """Describe the feed in CSV."""
    told = answer(f"The same as flat CSV; the next cursor is in {CURSOR_HEADER}", TEXT, "text/csv", headers=_LINK | _CURSOR)
    return _of_many("listChangesAsCsv", "Read whose impact changed, as CSV", told, _limit(default, most))


def _of_many(name: str, summary: str, told: dict[str, Any], limit: dict[str, Any]) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": summary,
        "parameters": [PURPOSE, AS_OF, SINCE, limit],
        "responses": {"200": told, **refused(_RESTORED, *TO_ALL, "410")},
    }


def objection(name: str, summary: str) -> dict[str, Any]:
    """Describe how an objection is passed on, or its withdrawal."""
    told = answer("Passed on; in force as soon as scoring hears it", reference("Objection"))
    return {
        "operationId": name,
        "summary": summary,
        "parameters": [REF],
        "responses": {"202": told, **refused(_UNKNOWN, *TO_ALL, "404")},
    }

"""What OpenAPI says of xAPI's routes: they are plain routes over bytes, so it is said by hand."""

from __future__ import annotations

from typing import Any, Final

from services.gateway.headers import CONSISTENT_THROUGH
from services.gateway.openapi import VERSION, parameter
from services.gateway.statements.reading import STATEMENTS_PATH
from services.gateway.statements.routes import ABOUT_PATH
from shared.media_types import JSON_TYPE, MULTIPART_TYPE


def _answer(description: str, *media_types: str) -> dict[str, Any]:
    through = {"description": "Up to when the record is whole", "schema": {"type": "string", "format": "date-time"}}
    content: dict[str, Any] = {each: {} for each in media_types or (JSON_TYPE,)}
    return {"description": description, "headers": {CONSISTENT_THROUGH: through}, "content": content}


def _refused(*statuses: str) -> dict[str, Any]:
    return {status: _answer(_REFUSALS[status], "application/problem+json") for status in statuses}


_REFUSALS: Final = {
    "400": "Not a valid request; `errors` names each place (JSON pointer, led by the statement's index) and rule",
    "401": "A valid key is needed",
    "403": "The key does not permit this",
    "404": "No such statement",
    "409": "Recorded with other content under the same id; the request was refused whole",
    "413": "More statements or bytes than one request may carry",
    "429": "Too many requests of this key, or too many refused keys of this address: try again after `Retry-After` seconds",
    "503": "Not durable yet, or not readable now: try again after `Retry-After` seconds, with the same ids",
}
_BODY: Final = {
    "required": True,
    "description": "Statements as JSON; as multipart/mixed with the octets of their attachments behind them",
    "content": {JSON_TYPE: {}, MULTIPART_TYPE: {}},
}
_BOOLEAN: Final[dict[str, Any]] = {"type": "boolean", "default": False}

_FILTERS: Final = (
    parameter("statementId", "The statement with this id, unless it is voided", format="uuid"),
    parameter("voidedStatementId", "The voided statement with this id", format="uuid"),
    parameter("agent", "Whose statements, or about whom: an Agent or identified Group as JSON"),
    parameter("verb", "Which verb", format="iri"),
    parameter("activity", "About which activity", format="iri"),
    parameter("registration", "Of which registration", format="uuid"),
    parameter("related_activities", "Where the activity is context or in a SubStatement too", **_BOOLEAN),
    parameter("related_agents", "Where the agent is authority, instructor, team or in a SubStatement too", **_BOOLEAN),
    parameter("since", "Stored after", format="date-time"),
    parameter("until", "Stored at or before", format="date-time"),
    parameter("limit", "How many a page at most; 0: as many as the server allows", type="integer", minimum=0),
    parameter("format", "How much of agents, activities and verbs", enum=["exact", "ids", "canonical"], default="exact"),
    parameter("attachments", "Answer as multipart/mixed, with the octets of attachments", **_BOOLEAN),
    parameter("ascending", "The oldest first", **_BOOLEAN),
    parameter("more", "The page that `more` of a page leads to: opaque and signed; other parameters say nothing beside it"),
)

PATHS: Final[dict[str, Any]] = {
    STATEMENTS_PATH: {
        "post": {
            "summary": "Store a statement or an array of statements",
            "tags": ["xAPI"],
            "parameters": [VERSION, parameter("partial", "Store the good statements beside bad ones", **_BOOLEAN)],
            "requestBody": _BODY,
            "responses": {
                "200": _answer("The ids, in order; with partial=true in `ids`, beside empty `errors`"),
                "207": _answer("With partial=true: `ids` in order, null for what was refused, and `errors` by index"),
                **_refused("400", "401", "403", "409", "413", "429", "503"),
            },
        },
        "put": {
            "summary": "Store the statement that statementId names",
            "tags": ["xAPI"],
            "parameters": [VERSION, parameter("statementId", "The statement's id", required=True, format="uuid")],
            "requestBody": _BODY,
            "responses": {"204": {"description": "Stored"}, **_refused("400", "401", "403", "409", "413", "429", "503")},
        },
        "get": {
            "summary": "Read one statement, or a page of those that match",
            "tags": ["xAPI"],
            "parameters": [VERSION, *_FILTERS],
            "responses": {
                "200": _answer("A statement or a StatementResult", JSON_TYPE, MULTIPART_TYPE),
                **_refused("400", "401", "403", "404", "429", "503"),
            },
        },
    },
    ABOUT_PATH: {
        "get": {
            "summary": "Say which versions of xAPI are spoken; needs no key",
            "tags": ["xAPI"],
            "responses": {"200": _answer("The versions")},
        }
    },
}

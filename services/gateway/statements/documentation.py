"""What OpenAPI says of xAPI's routes: they are plain routes over bytes, so it is said by hand."""

from __future__ import annotations

from typing import Any, Final

from services.gateway.headers import CONSISTENT_THROUGH
from services.gateway.openapi import (
    ANYBODY,
    MOMENT,
    TEXT,
    TO_ALL,
    UUID,
    VERSION,
    agent,
    answer,
    header,
    nullable,
    parameter,
    record,
    reference,
    refused,
)
from services.gateway.statements.reading import STATEMENTS_PATH
from services.gateway.statements.routes import ABOUT_PATH
from shared.media_types import JSON_TYPE, MULTIPART_TYPE

_THROUGH: Final = {CONSISTENT_THROUGH: header("Up to when the record is whole", MOMENT)}
_THING: Final = {"type": "object"}
_IRI: Final = {"type": "string", "format": "iri"}
_VERB: Final = record({"id": _IRI, "display": {"type": "object", "additionalProperties": TEXT}}, "display")
_MULTIPART: Final = {"type": "string", "format": "binary"}
_STATEMENT: Final = {
    "id": UUID,
    "actor": reference("Agent"),
    "verb": _VERB,
    "object": reference("Object"),
    "result": reference("Result"),
    "context": reference("Context"),
    "timestamp": MOMENT,
    "stored": MOMENT,
    "authority": reference("Agent"),
    "version": TEXT,
    "attachments": {"type": "array", "items": reference("Attachment")},
}
_OPTIONAL: Final = frozenset(_STATEMENT) - {"actor", "verb", "object"}
_SEVERAL: Final = {"type": "array", "items": reference("Statement")}

SCHEMAS: Final[dict[str, Any]] = {
    "Statement": record(_STATEMENT, *_OPTIONAL),
    **dict.fromkeys(("Object", "Result", "Context", "Attachment"), _THING),
    "StatementResult": record({"statements": _SEVERAL, "more": TEXT}),
    "PartlyStored": record(
        {
            "ids": {"type": "array", "items": nullable(UUID)},
            "errors": {"type": "array", "items": reference("RefusedStatement")},
        }
    ),
    "RefusedStatement": record({"index": {"type": "integer"}, "pointer": TEXT, "rule": TEXT, "message": TEXT}),
    "About": record({"version": {"type": "array", "items": TEXT}, "extensions": _THING}, "extensions"),
}
_REFUSALS: Final = {
    "400": "Not a valid request; `errors` names each place (JSON pointer, led by the statement's index) and rule",
    "404": "No such statement",
    "409": "Recorded with other content under the same id; the request was refused whole",
    "413": "More statements or bytes than one request may carry",
    "503": "Not durable yet, or not readable now: try again after `Retry-After` seconds, with the same ids",
}
_WRITING: Final = (*TO_ALL, "409", "413", "415")
_BOOLEAN: Final[dict[str, Any]] = {"type": "boolean", "default": False}


def _body(schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "required": True,
        "description": "Statements as JSON; as multipart/mixed with the octets of their attachments behind them",
        "content": {JSON_TYPE: {"schema": schema}, MULTIPART_TYPE: {"schema": _MULTIPART}},
    }


_FILTERS: Final = (
    parameter("statementId", "The statement with this id, unless it is voided", format="uuid"),
    parameter("voidedStatementId", "The voided statement with this id", format="uuid"),
    agent("agent", "Whose statements, or about whom: an Agent or identified Group as JSON"),
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

_STORED: Final = {"oneOf": [{"type": "array", "items": UUID}, reference("PartlyStored")]}
_READ: Final = answer(
    "A statement or a StatementResult",
    {"oneOf": [reference("Statement"), reference("StatementResult")]},
    headers=_THROUGH,
)
_READ["content"][MULTIPART_TYPE] = {"schema": _MULTIPART}

PATHS: Final[dict[str, Any]] = {
    STATEMENTS_PATH: {
        "post": {
            "operationId": "storeStatements",
            "summary": "Store a statement or an array of statements",
            "tags": ["xAPI"],
            "parameters": [VERSION, parameter("partial", "Store the good statements beside bad ones", **_BOOLEAN)],
            "requestBody": _body({"oneOf": [reference("Statement"), _SEVERAL]}),
            "responses": {
                "200": answer("The ids, in order; with partial=true in `ids`, beside empty `errors`", _STORED, headers=_THROUGH),
                "207": answer(
                    "With partial=true: `ids` in order, null for what was refused, and `errors` by index",
                    reference("PartlyStored"),
                    headers=_THROUGH,
                ),
                **refused(_REFUSALS, *_WRITING),
            },
        },
        "put": {
            "operationId": "storeStatement",
            "summary": "Store the statement that statementId names",
            "tags": ["xAPI"],
            "parameters": [VERSION, parameter("statementId", "The statement's id", required=True, format="uuid")],
            "requestBody": _body(reference("Statement")),
            "responses": {"204": {"description": "Stored"}, **refused(_REFUSALS, *_WRITING)},
        },
        "get": {
            "operationId": "readStatements",
            "summary": "Read one statement, or a page of those that match",
            "tags": ["xAPI"],
            "parameters": [VERSION, *_FILTERS],
            "responses": {"200": _READ, **refused(_REFUSALS, *TO_ALL, "404")},
        },
    },
    ABOUT_PATH: {
        "get": {
            "operationId": "readAbout",
            "summary": "Say which versions of xAPI are spoken; needs no key",
            "tags": ["xAPI"],
            "security": ANYBODY,
            "responses": {"200": answer("The versions", reference("About"), headers=_THROUGH)},
        }
    },
}

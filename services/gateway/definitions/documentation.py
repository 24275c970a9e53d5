"""What OpenAPI says of the resources Activities and Agents: they are plain routes over bytes, so it is said by hand."""

from __future__ import annotations

from typing import Any, Final

from services.gateway.definitions.serving import ACTIVITIES_PATH, AGENTS_PATH
from services.gateway.openapi import VERSION, parameter
from shared.media_types import JSON_TYPE

_REFUSALS: Final = {
    "400": "Not a valid request; `errors` names each parameter and rule",
    "401": "A valid key is needed",
    "403": "The key does not permit this",
    "503": "PostgreSQL does not answer: try again after `Retry-After` seconds",
}


def _get(summary: str, asked: dict[str, Any], answer: str) -> dict[str, Any]:
    problem: dict[str, Any] = {"application/problem+json": {}}
    refused = {status: {"description": reason, "content": problem} for status, reason in _REFUSALS.items()}
    answered = {"description": answer, "content": {JSON_TYPE: {}}}
    return {
        "get": {
            "summary": summary,
            "tags": ["xAPI"],
            "parameters": [VERSION, asked],
            "responses": {"200": answered, **refused},
        }
    }


PATHS: Final[dict[str, Any]] = {
    ACTIVITIES_PATH: _get(
        "Read an activity with all that statements say of it",
        parameter("activityId", "Which activity", required=True, format="iri"),
        "The Activity; without a definition where nobody defined it",
    ),
    AGENTS_PATH: _get(
        "Read whom an agent is",
        parameter("agent", "An Agent as JSON, no Group", required=True),
        "The Person, with the names that the newest statements call the agent by",
    ),
}

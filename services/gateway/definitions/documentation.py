"""What OpenAPI says of the resources Activities and Agents: they are plain routes over bytes, so it is said by hand."""

from __future__ import annotations

from typing import Any, Final

from services.gateway.definitions.serving import ACTIVITIES_PATH, AGENTS_PATH
from services.gateway.domain.version import VERSION_HEADER

_REFUSALS: Final = {
    "400": "Not a valid request; `errors` names each parameter and rule",
    "401": "A valid key is needed",
    "403": "The key does not permit this",
    "503": "PostgreSQL does not answer: try again after `Retry-After` seconds",
}


def _parameter(name: str, description: str, *, where: str = "query", **schema: str) -> dict[str, Any]:
    said = {"type": "string"} | schema
    return {"name": name, "in": where, "required": True, "description": description, "schema": said}


def _get(summary: str, parameter: dict[str, Any], answer: str) -> dict[str, Any]:
    problem: dict[str, Any] = {"application/problem+json": {}}
    refused = {status: {"description": reason, "content": problem} for status, reason in _REFUSALS.items()}
    version = _parameter(VERSION_HEADER, "The version of xAPI that is spoken: 1.0.x or 2.0.x", where="header")
    answered = {"description": answer, "content": {"application/json": {}}}
    return {
        "get": {
            "summary": summary,
            "tags": ["xAPI"],
            "parameters": [version, parameter],
            "responses": {"200": answered, **refused},
        }
    }


PATHS: Final[dict[str, Any]] = {
    ACTIVITIES_PATH: _get(
        "Read an activity with all that statements say of it",
        _parameter("activityId", "Which activity", format="iri"),
        "The Activity; without a definition where nobody defined it",
    ),
    AGENTS_PATH: _get(
        "Read whom an agent is",
        _parameter("agent", "An Agent as JSON, no Group"),
        "The Person, with the names that the newest statements call the agent by",
    ),
}

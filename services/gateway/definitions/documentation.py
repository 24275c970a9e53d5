"""What OpenAPI says of the resources Activities and Agents: they are plain routes over bytes, so it is said by hand."""

from __future__ import annotations

from typing import Any, Final

from services.gateway.definitions.serving import ACTIVITIES_PATH, AGENTS_PATH
from services.gateway.openapi import TO_ALL, VERSION, agent, answer, parameter, reference, refused

_DEFINITION: Final = {"type": "object", "description": "An Activity Definition"}
_LIST: Final = {"type": "array", "items": {"type": "string"}}
SCHEMAS: Final[dict[str, Any]] = {
    "Activity": {
        "type": "object",
        "required": ["objectType", "id"],
        "properties": {
            "objectType": {"type": "string", "const": "Activity"},
            "id": {"type": "string", "format": "iri"},
            "definition": _DEFINITION,
        },
    },
    "Person": {
        "type": "object",
        "required": ["objectType"],
        "properties": {
            "objectType": {"type": "string", "const": "Person"},
            **dict.fromkeys(("name", "mbox", "mbox_sha1sum", "openid"), _LIST),
            "account": {"type": "array", "items": reference("Account")},
        },
    },
}


def _get(name: str, summary: str, asked: dict[str, Any], told: str, schema: str) -> dict[str, Any]:
    return {
        "get": {
            "operationId": name,
            "summary": summary,
            "tags": ["xAPI"],
            "parameters": [VERSION, asked],
            "responses": {"200": answer(told, reference(schema)), **refused({}, *TO_ALL)},
        }
    }


PATHS: Final[dict[str, Any]] = {
    ACTIVITIES_PATH: _get(
        "readActivity",
        "Read an activity with all that statements say of it",
        parameter("activityId", "Which activity", required=True, format="iri"),
        "The Activity; without a definition where nobody defined it",
        "Activity",
    ),
    AGENTS_PATH: _get(
        "readPerson",
        "Read whom an agent is",
        agent("agent", "An Agent as JSON, no Group", required=True),
        "The Person, with the names that the newest statements call the agent by",
        "Person",
    ),
}

"""What OpenAPI says of the document resources: they are plain routes over bytes, so it is said by hand."""

from __future__ import annotations

from typing import Any, Final

from services.gateway.documents.parameters import Resource
from services.gateway.documents.routes import PATHS as ROUTES
from services.gateway.openapi import ANYTHING, TEXT, TO_ALL, VERSION, agent, header, parameter, refused
from shared.media_types import JSON_TYPE, OCTETS_TYPE

_TITLES: Final = {
    Resource.STATE: "a state",
    Resource.AGENT_PROFILE: "an agent profile",
    Resource.ACTIVITY_PROFILE: "an activity profile",
}
_PLURALS: Final = {
    Resource.STATE: "all states of the context",
    Resource.AGENT_PROFILE: "an agent's profiles",
    Resource.ACTIVITY_PROFILE: "an activity's profiles",
}
_NAMES: Final = {
    Resource.STATE: ("State", "States"),
    Resource.AGENT_PROFILE: ("AgentProfile", "AgentProfiles"),
    Resource.ACTIVITY_PROFILE: ("ActivityProfile", "ActivityProfiles"),
}
_REFUSALS: Final = {
    "404": "No such document",
    "409": "There is such a document already, and the request does not say what it knows of it",
    "412": "The document is not as If-Match or If-None-Match says",
    "413": "The document, or what it is merged into, is too large",
}
_OCTETS: Final = {"type": "string", "format": "binary"}
_DOCUMENT: Final = {JSON_TYPE: {"schema": ANYTHING}, OCTETS_TYPE: {"schema": _OCTETS}, "*/*": {"schema": _OCTETS}}
_CHANGED: Final = {"ETag": header("What the document is now", TEXT)}

_IF_MATCH: Final = parameter("If-Match", "Only if the document has one of these ETags", where="header")
_IF_NONE_MATCH: Final = parameter("If-None-Match", "Only if there is no such document (*)", where="header")
_ACTIVITY: Final = parameter("activityId", "Of which activity", required=True, format="iri")
_AGENT: Final = agent("agent", "Of whom: an Agent as JSON, for states an identified Group too", required=True)
_REGISTRATION: Final = parameter("registration", "Of which registration; without, of none", format="uuid")
_SINCE: Final = parameter("since", "Changed after; goes without the document's id", format="date-time")
_OF: Final = {
    Resource.STATE: [_ACTIVITY, _AGENT, _REGISTRATION],
    Resource.AGENT_PROFILE: [_AGENT],
    Resource.ACTIVITY_PROFILE: [_ACTIVITY],
}


def _id(resource: Resource, *, required: bool) -> dict[str, Any]:
    name = "stateId" if resource is Resource.STATE else "profileId"
    return parameter(name, "Which document; without it, the ids of all" if not required else "Which document", required=required)


def _change(resource: Resource, verb: str, summary: str) -> dict[str, Any]:
    return {
        "operationId": f"{verb}{_NAMES[resource][0]}",
        "summary": f"{summary} {_TITLES[resource]}",
        "tags": ["xAPI"],
        "parameters": [VERSION, _IF_MATCH, _IF_NONE_MATCH, *_OF[resource], _id(resource, required=True)],
        "requestBody": {"required": True, "content": _DOCUMENT},
        "responses": {
            "204": {"description": "Stored; the ETag says as what", "headers": _CHANGED},
            **refused(_REFUSALS, *TO_ALL, "409", "412", "413", "415"),
        },
    }


def _methods(resource: Resource) -> dict[str, Any]:
    several = resource is Resource.STATE
    one, all_ = _NAMES[resource]
    read = {
        "operationId": f"read{all_}",
        "summary": f"Read {_TITLES[resource]}, or the ids of {_PLURALS[resource]}",
        "tags": ["xAPI"],
        "parameters": [VERSION, *_OF[resource], _id(resource, required=False), _SINCE],
        "responses": {
            "200": {"description": "The document, or an array of ids", "content": _DOCUMENT, "headers": _CHANGED},
            **refused(_REFUSALS, *TO_ALL, "404"),
        },
    }
    delete = {
        "operationId": f"delete{all_ if several else one}",
        "summary": f"Delete {_TITLES[resource]}" + (f", or {_PLURALS[resource]}" if several else ""),
        "tags": ["xAPI"],
        "parameters": [VERSION, _IF_MATCH, *_OF[resource], _id(resource, required=not several)],
        "responses": {"204": {"description": "Gone"}, **refused(_REFUSALS, *TO_ALL, "412")},
    }
    put, post = _change(resource, "store", "Store"), _change(resource, "merge", "Store, or merge JSON into,")
    return {"get": read, "put": put, "post": post, "delete": delete}


PATHS: Final[dict[str, Any]] = {ROUTES[resource]: _methods(resource) for resource in Resource}

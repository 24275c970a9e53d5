"""How OpenAPI describes what the doors take and answer: they read bytes by themselves, so it is said by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from services.gateway.domain.credential import Scope
from services.gateway.domain.version import VERSION_HEADER
from shared.media_types import JSON_TYPE

PROBLEM_TYPE: Final = "application/problem+json"
TEXT: Final[Mapping[str, Any]] = {"type": "string"}
UUID: Final[Mapping[str, Any]] = {"type": "string", "format": "uuid"}
MOMENT: Final[Mapping[str, Any]] = {"type": "string", "format": "date-time"}
ANYTHING: Final[Mapping[str, Any]] = {}
"""Any JSON."""
COUNT: Final[Mapping[str, Any]] = {"type": "integer", "minimum": 0}
ANYBODY: Final[tuple[Mapping[str, Any], ...]] = ()
"""`security` of what needs no key."""

REASONS: Final = {
    "400": "Not a valid request; `errors` names each parameter and rule",
    "401": "A valid key is needed",
    "403": "The key does not permit this: `WWW-Authenticate` names the scope",
    "415": "The body is compressed: send it as it is",
    "429": "Too many requests of this key, or too many refused keys of this address: try again after `Retry-After` seconds",
    "503": "Something that is needed is away: try again after `Retry-After` seconds",
}
"""Why a request is refused at every door, unless a door says more."""
TO_ALL: Final = ("400", "401", "403", "429", "503")
"""What each door that needs a key may refuse with."""

_EXAMPLE: Final = '{"mbox": "mailto:ann@example.org"}'


def parameter(name: str, description: str, *, where: str = "query", required: bool = False, **schema: Any) -> dict[str, Any]:
    """Describe a parameter: a string, unless *schema* says more."""
    described = {"type": "string"} | schema
    return {"name": name, "in": where, "required": required, "description": description, "schema": described}


def agent(name: str, description: str, *, required: bool = False) -> dict[str, Any]:
    """Describe a parameter that holds an Agent as JSON."""
    held: dict[str, Any] = {"contentMediaType": JSON_TYPE, "contentSchema": reference("Agent"), "examples": [_EXAMPLE]}
    return parameter(name, description, required=required, **held)


def reference(name: str) -> dict[str, Any]:
    """Name one of the SCHEMAS."""
    return {"$ref": f"#/components/schemas/{name}"}


def nullable(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Describe what is as *schema* says, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def record(properties: Mapping[str, Mapping[str, Any]], *optional: str) -> dict[str, Any]:
    """Describe an object that has *properties*, some of them *optional*."""
    return {"type": "object", "required": [name for name in properties if name not in optional], "properties": properties}


def answer(
    description: str, schema: Mapping[str, Any], *media_types: str, headers: Mapping[str, Mapping[str, Any]] | None = None
) -> dict[str, Any]:
    """Describe an answer as *schema* says, in JSON unless other *media_types* are named."""
    content = {each: {"schema": schema} for each in media_types or (JSON_TYPE,)}
    return {"description": description, "content": content} | ({"headers": headers} if headers else {})


def refused(reasons: Mapping[str, str], *statuses: str) -> dict[str, Any]:
    """Describe the refusals with *statuses*: as *reasons* say, or else as they are at every door."""
    return {each: answer(reasons.get(each) or REASONS[each], reference("Problem"), PROBLEM_TYPE) for each in statuses}


def header(description: str, schema: Mapping[str, Any] = TEXT) -> dict[str, Any]:
    """Describe a header of an answer."""
    return {"description": description, "schema": schema}


VERSION: Final = parameter(
    VERSION_HEADER,
    "The version of xAPI that is spoken: 1.0.x or 2.0.x",
    where="header",
    required=True,
    pattern=r"^(1|2)\.0(\.[0-9]{1,4})?$",
    examples=["1.0.3", "2.0.0"],
)

_FAULT: Final = record({"pointer": TEXT, "rule": TEXT, "message": TEXT})
_PROBLEM: Final = record(
    {
        "type": TEXT,
        "title": TEXT,
        "status": {"type": "integer"},
        "detail": TEXT,
        "errors": {"type": "array", "items": reference("BrokenRule")},
    },
    "errors",
)
_ACCOUNT: Final = record({"homePage": {"type": "string", "format": "iri"}, "name": TEXT})
_AGENT: Final[dict[str, Any]] = {
    "type": "object",
    "description": "Has exactly one of mbox, mbox_sha1sum, openid and account",
    "properties": {
        "objectType": {"type": "string", "enum": ["Agent", "Group"]},
        "name": TEXT,
        "mbox": {"type": "string", "pattern": "^mailto:"},
        "mbox_sha1sum": {"type": "string", "pattern": "^[0-9a-fA-F]{40}$"},
        "openid": {"type": "string", "format": "uri"},
        "account": reference("Account"),
    },
    "minProperties": 1,
}

SCHEMAS: Final[Mapping[str, Any]] = {"Problem": _PROBLEM, "BrokenRule": _FAULT, "Agent": _AGENT, "Account": _ACCOUNT}


def components(schemas: Mapping[str, Any], token_url: str) -> dict[str, Any]:
    """Return what the description refers to: *schemas* beside those of every door, and how a key is shown."""
    scopes = {str(scope): "" for scope in Scope}
    return {
        "schemas": {**SCHEMAS, **schemas},
        "securitySchemes": {
            "basic": {"type": "http", "scheme": "basic", "description": "Key id and secret"},
            "bearer": {"type": "http", "scheme": "bearer", "description": "The whole key, or an access token"},
            "oauth": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": token_url, "scopes": scopes}}},
        },
    }


SECURITY: Final[tuple[Mapping[str, Any], ...]] = ({"basic": []}, {"bearer": []}, {"oauth": []})
"""Each of these opens every door that does not say otherwise."""

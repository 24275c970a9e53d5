"""What OpenAPI says of the authorization server's routes."""

from __future__ import annotations

from typing import Any, Final

from services.gateway.credentials.oauth import METADATA_PATH
from services.gateway.credentials.tokens import TOKEN_PATH
from services.gateway.domain.credential import Scope
from services.gateway.domain.token_request import ALIASES, DEFAULT, GRANT_TYPE, TokenError
from shared.media_types import FORM_TYPE, JSON_TYPE

_SCOPES: Final = ", ".join([*sorted(Scope), *sorted(ALIASES)])
_STRING: Final = {"type": "string"}
_REQUEST: Final = {
    "type": "object",
    "required": ["grant_type"],
    "properties": {
        "grant_type": {"type": "string", "enum": [GRANT_TYPE]},
        "scope": {
            "type": "string",
            "description": f"Some of {_SCOPES}; default: {' '.join(DEFAULT)}",
        },
        "client_id": {"type": "string", "description": "The key id, where it does not stand in the header (Basic)"},
        "client_secret": {"type": "string", "description": "The secret, where it does not stand in the header (Basic)"},
    },
}
_TOKEN: Final = {
    "type": "object",
    "required": ["access_token", "token_type", "expires_in", "scope"],
    "properties": {
        "access_token": _STRING,
        "token_type": {"type": "string", "enum": ["Bearer"]},
        "expires_in": {"type": "integer", "description": "Seconds"},
        "scope": _STRING,
    },
}
_ERROR: Final = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string", "enum": sorted(TokenError)}, "error_description": _STRING},
}


def _answer(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {JSON_TYPE: {"schema": schema}}}


PATHS: Final[dict[str, Any]] = {
    TOKEN_PATH: {
        "post": {
            "summary": "Grant an access token to a client by its credential (RFC 6749 §4.4)",
            "tags": ["OAuth 2.0"],
            "requestBody": {"required": True, "content": {FORM_TYPE: {"schema": _REQUEST}}},
            "responses": {
                "200": _answer("The token, good at every door", _TOKEN),
                "400": _answer("Not a valid request, or a scope that the client does not have (RFC 6749 §5.2)", _ERROR),
                "401": _answer("The client is not known, or its secret is not right", _ERROR),
                "429": {"description": "Too many requests, or too many refused keys; `Retry-After` says when to come again"},
                "503": {"description": "The client is not known here, and cannot be looked up now"},
            },
        }
    },
    METADATA_PATH: {
        "get": {
            "summary": "Describe the authorization server (RFC 8414)",
            "tags": ["OAuth 2.0"],
            "responses": {"200": _answer("The metadata", {"type": "object"})},
        }
    },
}

"""What OpenAPI says of the authorization server's routes."""

from __future__ import annotations

from typing import Any, Final

from services.gateway.credentials.oauth import METADATA_PATH
from services.gateway.credentials.tokens import TOKEN_PATH
from services.gateway.domain.credential import Scope
from services.gateway.domain.token_request import ALIASES, DEFAULT, GRANT_TYPE, TokenError
from services.gateway.openapi import ANYBODY, TEXT, answer, record, reference, refused
from shared.media_types import FORM_TYPE

_SCOPES: Final = ", ".join([*sorted(Scope), *sorted(ALIASES)])
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
SCHEMAS: Final[dict[str, Any]] = {
    "TokenRequest": _REQUEST,
    "Token": record(
        {
            "access_token": TEXT,
            "token_type": {"type": "string", "const": "Bearer"},
            "expires_in": {"type": "integer", "description": "Seconds"},
            "scope": TEXT,
        }
    ),
    "TokenError": record(
        {"error": {"type": "string", "enum": sorted(TokenError)}, "error_description": TEXT}, "error_description"
    ),
    "AuthorizationServer": {"type": "object", "required": ["issuer", "token_endpoint"]},
}
_REFUSALS: Final = {
    "413": "A longer form than any that asks for a token",
    "503": "The client is not known here, and cannot be looked up now: try again after `Retry-After` seconds",
}

PATHS: Final[dict[str, Any]] = {
    TOKEN_PATH: {
        "post": {
            "operationId": "grantToken",
            "summary": "Grant an access token to a client by its credential (RFC 6749 §4.4)",
            "tags": ["OAuth 2.0"],
            "security": [{"basic": []}, {}],
            "requestBody": {"required": True, "content": {FORM_TYPE: {"schema": reference("TokenRequest")}}},
            "responses": {
                "200": answer("The token, good at every door", reference("Token")),
                "400": answer(
                    "Not a valid request, or a scope that the client does not have (RFC 6749 §5.2)", reference("TokenError")
                ),
                "401": answer("The client is unknown, or its secret is wrong", reference("TokenError")),
                **refused(_REFUSALS, "413", "415", "429", "503"),
            },
        }
    },
    METADATA_PATH: {
        "get": {
            "operationId": "readAuthorizationServer",
            "summary": "Describe the authorization server (RFC 8414)",
            "tags": ["OAuth 2.0"],
            "security": ANYBODY,
            "responses": {"200": answer("The metadata", reference("AuthorizationServer"))},
        }
    },
}

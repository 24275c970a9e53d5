"""The authorization server: access tokens for clients that authenticate with their key (RFC 6749 §4.4, RFC 8414)."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.gateway.credentials.door import BASIC_CHALLENGE, Door
from services.gateway.credentials.tokens import TOKEN_PATH, AccessTokens
from services.gateway.domain.credential import Refused, Scope
from services.gateway.domain.token_request import GRANT_TYPE, TokenError, TokenRefused, granted, read_token_request
from shared.http import read_body
from shared.media_types import JSON_TYPE

METADATA_PATH: Final = "/.well-known/oauth-authorization-server"
MOST_BYTES: Final = 16 * 1024
UNCACHED: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def routes(door: Door, tokens: AccessTokens) -> list[Route]:
    """Return the token endpoint and its metadata, the latter also where RFC 8414 §3.1 puts it for an issuer with a path."""
    server = AuthorizationServer(door, tokens)
    places = {METADATA_PATH, METADATA_PATH + urlsplit(tokens.issuer).path}
    return [
        Route(TOKEN_PATH, server.token, methods=["POST"]),
        *(Route(path, server.metadata, methods=["GET"]) for path in sorted(places)),
    ]


class AuthorizationServer:
    """Issues access tokens to credentials."""

    def __init__(self, door: Door, tokens: AccessTokens) -> None:
        self._door = door
        self._tokens = tokens
        self._metadata = _metadata(tokens)

    async def token(self, request: Request) -> Response:
        """Issue an access token, or say why not as RFC 6749 §5.2 has it."""
        try:
            return await self._issue(request)
        except TokenRefused as refused:
            return _error(refused)

    async def metadata(self, request: Request) -> Response:
        """Say what this server can do (RFC 8414)."""
        del request
        return Response(self._metadata, media_type=JSON_TYPE)

    async def _issue(self, request: Request) -> Response:
        body = await read_body(request, MOST_BYTES)
        asked = read_token_request(request.headers.get("content-type", ""), request.headers.get("authorization"), body)
        credential = await self._door.identify(request, asked.shown)
        if isinstance(credential, Refused):
            raise TokenRefused(TokenError.INVALID_CLIENT, "The client is unknown, or its secret is wrong")
        scopes = granted(credential, asked.scope)
        answer = {
            "access_token": self._tokens.issue(credential, scopes),
            "token_type": "Bearer",
            "expires_in": self._tokens.lifetime,
            "scope": " ".join(sorted(scopes)),
        }
        return Response(orjson.dumps(answer), headers=UNCACHED, media_type=JSON_TYPE)


def _error(refused: TokenRefused) -> Response:
    content = orjson.dumps({"error": refused.error, "error_description": str(refused)})
    if refused.error is TokenError.INVALID_CLIENT:
        return Response(content, 401, {**UNCACHED, "WWW-Authenticate": BASIC_CHALLENGE}, JSON_TYPE)
    return Response(content, 400, UNCACHED, JSON_TYPE)


def _metadata(tokens: AccessTokens) -> bytes:
    return orjson.dumps(
        {
            "issuer": tokens.issuer,
            "token_endpoint": tokens.endpoint,
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "grant_types_supported": [GRANT_TYPE],
            "response_types_supported": [],
            "scopes_supported": sorted(Scope),
        }
    )

"""The profile that our statements name as their category: `GET /profiles/social-learning`, for everybody."""

from __future__ import annotations

import hashlib
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.gateway.documents.preconditions import BadPrecondition, Preconditions, read_preconditions
from shared.xapi import profile

PATHS: Final = (f"/profiles/{profile.NAME}", f"/profiles/{profile.NAME}/v1")
"""The profile, and its one version: both are the same document."""


def routes() -> list[Route]:
    """Return the routes of the profile."""
    return [Route(path, _serve, methods=["GET"]) for path in PATHS]


async def _serve(request: Request) -> Response:
    tag = hashlib.sha256(profile.document()).hexdigest()[:32]
    headers = {"ETag": f'"{tag}"', "Cache-Control": "public, max-age=3600", "Access-Control-Allow-Origin": "*"}
    if not _known(request).is_new(tag):
        return Response(status_code=304, headers=headers)
    return Response(profile.document(), media_type=profile.MEDIA_TYPE, headers=headers)


def _known(request: Request) -> Preconditions:
    """Return what the sender says it has (RFC 9110 §13.1.2); who cannot say it has nothing, and is shown the profile."""
    try:
        return read_preconditions((), request.headers.getlist("if-none-match"))
    except BadPrecondition:
        return Preconditions()

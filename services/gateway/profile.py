"""The profile that our statements name as their category: `GET /profiles/social-learning`, for everybody."""

from __future__ import annotations

import hashlib
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared.xapi import profile

PATHS: Final = (f"/profiles/{profile.NAME}", f"/profiles/{profile.NAME}/v1")
"""The profile, and its one version: both are the same document."""


def routes() -> list[Route]:
    """Return the routes of the profile."""
    return [Route(path, _serve, methods=["GET"]) for path in PATHS]


async def _serve(request: Request) -> Response:
    tag = f'"{hashlib.sha256(profile.document()).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "public, max-age=3600", "Access-Control-Allow-Origin": "*"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(profile.document(), media_type=profile.MEDIA_TYPE, headers=headers)

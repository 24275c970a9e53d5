"""xAPI's routes: statements and about. Plain Starlette routes over bytes, since they are the hot ones."""

from __future__ import annotations

from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.gateway.domain.version import SPOKEN
from services.gateway.statements.reading import STATEMENTS_PATH, Reader
from services.gateway.statements.writing import Writer
from shared.media_types import JSON_TYPE

ABOUT_PATH: Final = "/xapi/about"


def routes(writer: Writer, reader: Reader) -> list[Route]:
    """Return the statement resource and the about resource; OPTIONS is answered before them, by `AnswerHeaders`."""
    return [
        Route(STATEMENTS_PATH, writer.post, methods=["POST"]),
        Route(STATEMENTS_PATH, writer.put, methods=["PUT"]),
        Route(STATEMENTS_PATH, reader.get, methods=["GET"]),
        Route(ABOUT_PATH, about, methods=["GET"]),
    ]


async def about(request: Request) -> Response:
    """Say which versions of xAPI are spoken; needs neither a key nor a version (1.0.3 Communication §2.8)."""
    del request
    return Response(orjson.dumps({"version": list(SPOKEN)}), media_type=JSON_TYPE)

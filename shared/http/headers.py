"""Read one header of a request without reading the others: a request asks for few, and hot ones are many."""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import Scope


def header(request: Request, name: bytes) -> str | None:
    """Return the first header of *request* called *name*, which is in small letters, or None."""
    return header_of(request.scope, name)


def header_of(scope: Scope, name: bytes) -> str | None:
    """Return the first header called *name*, which is in small letters, as servers hand names over."""
    for each, value in scope["headers"]:
        if each == name:
            return str(value, "latin-1")
    return None

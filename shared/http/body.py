"""Request bodies as bytes, bounded in size and in time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from starlette.requests import Request

from shared.deadlines import Deadlines
from shared.http.headers import header
from shared.http.problem import Problem
from shared.http.room import AT_ONCE, Room

BODY_DEADLINE: Final = 20.0
DISCARDED = 64 * 1024 * 1024
"""A body that declares itself too large, but no larger than this, is read and discarded after the answer, since many clients read
the answer only when they have sent everything. For anything larger the connection is closed."""


_DEADLINES: Final = Deadlines(BODY_DEADLINE)
_ROOM: Final = Room(AT_ONCE)


async def read_body(request: Request, limit: int) -> bytes:
    """Return the request's body.

    Raises Problem 413 when it is longer than *limit* bytes, 415 when it is compressed, 408 when it does not arrive in time, 503
    when it is long and too many long ones are on their way, and 400 when the client hangs up.
    """
    encoding = header(request, b"content-encoding")
    if encoding is not None and encoding.lower() != "identity":
        raise Problem(415, f"Content-Encoding {encoding[:40]!r} is not accepted; send the body as it is")
    declared = header(request, b"content-length") or ""
    if declared.isdecimal() and int(declared) > limit:
        raise _too_large(limit, closing=int(declared) > DISCARDED)
    try:
        with _DEADLINES.one(), _ROOM.one() as grow:
            return await _read(request, limit, grow)
    except TimeoutError as error:
        raise Problem(408, f"The body did not arrive within {BODY_DEADLINE:.0f} seconds") from error


async def _read(request: Request, limit: int, grow: Callable[[int], None]) -> bytes:
    chunks: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise Problem(400, "The connection was closed before the body had arrived")
        chunk, more = message.get("body", b""), message.get("more_body", False)
        size += len(chunk)
        if size > limit:
            raise _too_large(limit, closing=True)
        grow(size)
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_large(limit: int, *, closing: bool) -> Problem:
    headers = {"Connection": "close"} if closing else None
    return Problem(413, f"The body is larger than {limit} bytes; send less at a time", headers=headers)

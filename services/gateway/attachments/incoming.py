"""Read the body of a request that writes statements: JSON alone, or JSON with the octets of attachments behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from starlette.requests import Request

from services.gateway.attachments.multipart import BadMultipart, Part, boundary_of, read_parts
from services.gateway.domain.enclosed import Enclosed, Sha2, hash_as, read_sha2
from shared.http import Fault, Problem, header, read_body
from shared.media_types import JSON_TYPE, MULTIPART_TYPE, media_type

HASH_HEADER: Final = "X-Experience-API-Hash"
ENCODING_HEADER: Final = "Content-Transfer-Encoding"
BINARY: Final = "binary"

Understand: TypeAlias = Callable[[Request, bytes, bytes], bytes]
"""Given a request, a body that cannot be read and its boundary, returns the body as its sender means it, or unchanged."""

_UNENCODED: Final = {None, BINARY, "8bit", "7bit"}


@dataclass(frozen=True, slots=True)
class Incoming:
    """The *statements* of a request, as JSON, and the octets *enclosed* with them."""

    statements: bytes
    enclosed: Mapping[Sha2, Enclosed] = field(default_factory=dict)

    @property
    def octets(self) -> int:
        """Return how many octets are enclosed."""
        return sum(len(each.content) for each in self.enclosed.values())


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many bytes a body may have, of JSON and of multipart/mixed."""

    json: int
    multipart: int


async def read_incoming(request: Request, most: Sizes, understand: Understand) -> Incoming:
    """Return what the body of *request* holds (1.0.3 Communication §1.5); *understand* is tried where it cannot be read.

    Raises Problem as `read_body` does, and 400 where it is neither JSON nor multipart/mixed with attachments.
    """
    content_type = header(request, b"content-type") or ""
    kind = media_type(content_type)
    if kind == JSON_TYPE:
        return Incoming(await read_body(request, most.json))
    if kind == MULTIPART_TYPE:
        body = await read_body(request, most.multipart)
        try:
            return await asyncio.to_thread(_read, request, body, content_type, understand)
        except BadMultipart as error:
            raise _problem(error) from error
    raise Problem(400, f"Statements are sent as {JSON_TYPE} or {MULTIPART_TYPE}, and not as {kind[:80]!r}")


def _read(request: Request, body: bytes, content_type: str, understand: Understand) -> Incoming:
    """Read *body*, or what its sender means by it. Raises BadMultipart."""
    try:
        return read_multipart(body, content_type)
    except BadMultipart:
        understood = understand(request, body, boundary_of(content_type))
        if understood == body:
            raise
        return read_multipart(understood, content_type)


def read_multipart(body: bytes, content_type: str) -> Incoming:
    """Read the first part as JSON, and each other as the octets of an attachment, by their hash. Raises BadMultipart."""
    first, *others = read_parts(body, boundary_of(content_type))
    if media_type(first.headers.get("content-type", "")) != JSON_TYPE:
        raise BadMultipart("first-part-type", f"The first part has to be the statements, with Content-Type: {JSON_TYPE}", 0)
    if _encoding(first) not in _UNENCODED:
        raise BadMultipart("part-encoding", "The statements' part cannot have a content transfer encoding", 0)
    enclosed: dict[Sha2, Enclosed] = {}
    for number, part in enumerate(others, start=1):
        enclosed.setdefault(_checked_hash(part, number), _enclosed(part, number))
    return Incoming(first.content, enclosed)


def _checked_hash(part: Part, number: int) -> Sha2:
    """Return the hash in the header of *part*, once its octets are found to have it. Raises BadMultipart."""
    if _encoding(part) != BINARY:
        raise BadMultipart("part-encoding", f"An attachment's part needs the header {ENCODING_HEADER}: {BINARY}", number)
    named = part.headers.get(HASH_HEADER.lower())
    if named is None:
        raise BadMultipart("part-hash", f"An attachment's part needs the header {HASH_HEADER}, with its sha2", number)
    sha2 = read_sha2(named)
    if sha2 is None:
        raise BadMultipart("part-hash", f"{HASH_HEADER} is not a SHA-2 hash in hexadecimal", number)
    if hash_as(sha2, part.content) != sha2:
        raise BadMultipart("part-hash", f"{HASH_HEADER} is not the hash of the {len(part.content)} bytes of the part", number)
    return sha2


def _enclosed(part: Part, number: int) -> Enclosed:
    stated = part.headers.get("content-length")
    if stated is not None and stated != str(len(part.content)):
        raise BadMultipart(
            "part-length", f"The part has {len(part.content)} bytes, not as many as its Content-Length says", number
        )
    return Enclosed(number, part.content, part.headers.get("content-type"), None if stated is None else len(part.content))


def _encoding(part: Part) -> str | None:
    stated = part.headers.get(ENCODING_HEADER.lower())
    return None if stated is None else stated.lower()


def _problem(error: BadMultipart) -> Problem:
    """Say which part of the body is wrong, and why; parts are counted from 0."""
    pointer = "" if error.part is None else f"/parts/{error.part}"
    where = "The body" if error.part is None else f"Part {error.part} of the body"
    return Problem(
        400,
        f"{where}: {error.message}",
        title="Not multipart/mixed with attachments",
        faults=(Fault(pointer, error.rule, error.message),),
    )

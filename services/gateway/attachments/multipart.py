"""Read and write multipart messages (RFC 2046 §5.1) exactly to the octet and in linear time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple
from uuid import uuid4

from shared.errors import SymposiaError

CRLF: Final = b"\r\n"
END_OF_HEADERS: Final = b"\r\n\r\n"
MAX_PARTS: Final = 2_000
MAX_HEADERS: Final = 8_192
"""Bytes that the headers of one part may have."""

_BOUNDARY: Final = re.compile(r';[ \t]*boundary[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))', re.IGNORECASE)
_VISIBLE: Final = re.compile(r"[ -~]{0,69}[!-~]", re.ASCII)
_PADDING: Final = re.compile(rb"[ \t]*\r\n")
_END: Final = re.compile(rb"--[ \t]*(?:\r\n|\Z)")
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_FOLD: Final = re.compile(rb"\r\n[ \t]+")


class Part(NamedTuple):
    """One part: its headers by their names in lower case, and its octets."""

    headers: Mapping[str, str]
    content: bytes


class BadMultipart(SymposiaError):
    """The body is not a multipart message, or a part is not as it must be; *part* counts from 0, None is the whole body."""

    def __init__(self, rule: str, message: str, part: int | None = None) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message
        self.part = part


def boundary_of(content_type: str) -> bytes:
    """Return the boundary that the header *content_type* names. Raises BadMultipart."""
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise BadMultipart("boundary", "The header Content-Type names no boundary")
    quoted, token = found.groups()
    boundary = re.sub(r"\\(.)", r"\1", quoted) if token is None else token
    if not _VISIBLE.fullmatch(boundary):
        raise BadMultipart("boundary", "The boundary has to be 1 to 70 visible ASCII characters")
    return boundary.encode()


def read_parts(body: bytes, boundary: bytes) -> Iterator[Part]:
    """Yield the parts of *body*, without what comes before the first and after the last. Raises BadMultipart."""
    delimiter = CRLF + b"--" + boundary
    at = _first_part(body, delimiter)
    for number in range(MAX_PARTS):
        end = body.find(delimiter, at)
        if end < 0:
            raise BadMultipart("closing-boundary", "The closing boundary is missing", number)
        yield _part(body[at:end], number)
        at = end + len(delimiter)
        if _END.match(body, at):
            return
        at = _line_end(body, at, number + 1)
    raise BadMultipart("too-many-parts", f"The body has more than {MAX_PARTS} parts")


def new_boundary() -> str:
    """Return a boundary that no content holds, since 122 of its bits are random."""
    return f"symposia-{uuid4().hex}"


def head(boundary: str, headers: Mapping[str, str]) -> bytes:
    """Write what comes before the octets of a part, without the line end that belongs to the part before it.

    No space follows the colons, as in the answers of most LRSs, because lrspipe reads it as the first character of a hash.
    """
    lines = "".join(f"{name}:{value}\r\n" for name, value in headers.items())
    return f"--{boundary}\r\n{lines}\r\n".encode()


def tail(boundary: str) -> bytes:
    """Write what comes after the last part, without the line end before it.

    No line end follows either, because TinCanPHP reads it as a part.
    """
    return f"--{boundary}--".encode()


def _first_part(body: bytes, delimiter: bytes) -> int:
    """Return where the first part starts, after the first line that is the boundary."""
    start = delimiter[len(CRLF) :]
    found = 0 if body.startswith(start) else body.find(delimiter) + len(CRLF)
    if found < len(CRLF) and not body.startswith(start):
        raise BadMultipart("boundary", "No line of the body is the boundary that Content-Type names; lines have to end with CRLF")
    return _line_end(body, found + len(start), 0)


def _line_end(body: bytes, at: int, number: int) -> int:
    """Return where the line of a boundary ends."""
    found = _PADDING.match(body, at)
    if found is None:
        raise BadMultipart("boundary-line", "Text follows a boundary on its line, or the line does not end with CRLF", number)
    return found.end()


def _part(block: bytes, number: int) -> Part:
    if block.startswith(CRLF):
        return Part({}, block[len(CRLF) :])
    end = block.find(END_OF_HEADERS, 0, MAX_HEADERS)
    if end < 0:
        raise BadMultipart(
            "part-headers", f"The headers of a part have to end with an empty line within {MAX_HEADERS} bytes", number
        )
    return Part(_headers(block[:end], number), block[end + len(END_OF_HEADERS) :])


def _headers(block: bytes, number: int) -> dict[str, str]:
    """Read header lines; a line that starts with a space continues the one before it."""
    headers: dict[str, str] = {}
    for line in _FOLD.sub(b" ", block).split(CRLF):
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or not _NAME.fullmatch(name):
            raise BadMultipart("part-headers", "A header of a part is not `Name: value`", number)
        if name.lower() in headers:
            raise BadMultipart("part-headers", f"The header {name[:60]} occurs twice", number)
        headers[name.lower()] = value.strip(" \t")
    return headers

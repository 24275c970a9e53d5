"""Walk over JSON text without parsing it: where its top-level members lie, and what stands at a byte."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import orjson

from shared.xapi.pointer import pointer

# A string's closing quote is optional, so that an unterminated string is one token and the walk stays linear.
TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[{}\[\],:]|[^\s"{}\[\],:]++', re.DOTALL)
OPENING, CLOSING = (b"{", b"["), (b"}", b"]")


class Member(NamedTuple):
    """Say where one member of an object lies: from its key's quote to the end of its value."""

    key: str
    start: int
    end: int


def members(raw: bytes) -> Iterator[Member]:
    """Yield the members of the JSON object *raw*, which is well-formed, in order."""
    depth, start, end, key = 0, -1, -1, b""
    for token in TOKEN.finditer(raw):
        text = token.group()
        if depth == 1 and text in (b",", b"}") and start >= 0:
            yield Member(orjson.loads(key), start, end)
            start = -1
        elif depth == 1 and start < 0:
            start, key = token.start(), text
        depth += (text in OPENING) - (text in CLOSING)
        end = token.end()


def rewritten(raw: bytes, name: str, rewrite: Callable[[bytes], bytes]) -> bytes:
    """Return the JSON object *raw* with the value of its member *name* rewritten, if it has one."""
    found = list(values(raw))
    if all(key != name for key, _, _ in found):
        return raw
    return joined(before + (rewrite(value) if key == name else value) for key, before, value in found)


def values(raw: bytes) -> Iterator[tuple[str, bytes, bytes]]:
    """Yield the key of each member of the JSON object *raw*, the bytes up to its value, and the bytes of its value."""
    for key, start, end in members(raw):
        member = raw[start:end]
        value = member[_end_of_key(member) :].lstrip(b" \t\r\n:")
        yield key, member[: len(member) - len(value)], value


def joined(parts: Iterator[bytes]) -> bytes:
    """Return the JSON object with the members *parts*."""
    return b"{" + b",".join(parts) + b"}"


def outside_strings(raw: bytes) -> bytes:
    """Return *raw* without its strings; this is exact for well-formed JSON, and up to the first flaw of any other text."""
    if b"\\" in raw:
        raw = raw.replace(b"\\\\", b"").replace(b'\\"', b"")
    return b"".join(raw.split(b'"')[::2])


def pointer_at(raw: bytes, offset: int) -> str:
    """Point (RFC 6901) at the value or key that holds the byte *offset* of *raw*, as far as *raw* is well-formed."""
    path: list[str | int | None] = []
    key: bytes | None = None
    for token in TOKEN.finditer(raw):
        if token.start() > offset:
            break
        text = token.group()
        if text in OPENING:
            path.append(0 if text == b"[" else None)
        elif text in CLOSING:
            del path[-1:]
        elif text == b"," and path and isinstance(path[-1], int):
            path[-1] += 1
        elif text == b"," and path:
            path[-1] = None
        elif text[:1] == b'"' and path and path[-1] is None and key is None:
            key = text
        elif text == b":" and path and key is not None:
            path[-1] = _text(key)
        key = key if text == key else None
    return pointer(token for token in path if token is not None)


def _end_of_key(member: bytes) -> int:
    """Return where the string that a member starts with ends."""
    key = TOKEN.match(member)
    return key.end() if key else 0


def _text(string: bytes) -> str:
    """Read a JSON string that may be broken."""
    try:
        return str(orjson.loads(string))
    except orjson.JSONDecodeError:
        return string.strip(b'"').decode(errors="replace")

"""Parse a transaction so that no one event can keep the others from being heard: a homeserver sends it until it is taken."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from services.ingest.connectors.parsing import MOST_MENDED, parsed, whole
from services.ingest.verifiers import Message
from shared.xapi.guard import Limits, Malformed
from shared.xapi.model import JSON

TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.?)*"?|[\[\]{}]', re.DOTALL)
DEEPEST: Final = 200
"""More than any event is let be; homeservers bear more than a parser here does."""


class _Transaction(msgspec.Struct):
    events: list[msgspec.Raw] | None = None
    transaction_id: str | None = None


def transaction(message: Message, limits: Limits) -> JSON:
    """Parse a transaction or a ping; an event that is more than *limits* bear stands in it as null.

    Raises Malformed for what is neither.
    """
    try:
        found = _split(message.body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise Malformed("object", "A transaction is a JSON object with the array `events`.") from error
    if found.events is None:
        return {} if found.transaction_id is None else {"transaction_id": found.transaction_id}
    return {"events": [_event(bytes(each), limits) for each in found.events]}


def _split(body: bytes) -> _Transaction:
    """Split a transaction into its events; half a character in one of them, or one without end of nesting, refuses none."""
    try:
        return msgspec.json.decode(body, type=_Transaction)
    except (msgspec.DecodeError, RecursionError) as error:
        if len(body) > MOST_MENDED:
            raise
        mended = whole(body)
        return msgspec.json.decode(_shallow(mended) if isinstance(error, RecursionError) else mended, type=_Transaction)


def _shallow(body: bytes) -> bytes:
    """Return JSON with null in place of what is nested more than DEEPEST deep."""
    parts, depth, start = list[bytes](), 0, 0
    for token in TOKEN.finditer(body):
        if token[0] in b"[{":
            depth += 1
            if depth == DEEPEST + 1:
                parts.append(body[start : token.start()])
        elif token[0] in b"]}":
            if depth == DEEPEST + 1:
                parts.append(b"null")
                start = token.end()
            depth -= 1
    return b"".join((*parts, body[start:]))


def _event(written: bytes, limits: Limits) -> JSON:
    try:
        return parsed(written, limits)
    except Malformed:
        return None

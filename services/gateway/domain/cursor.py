"""The cursor that `more` carries: what was asked, how far it was answered, and up to when the first page was whole; signed."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Final

import msgspec

from services.gateway.domain.keychain import TAG_BYTES, Keychain
from services.gateway.domain.query import ManyQuery
from shared.errors import SymposiaError

_LONGEST: Final = 100_000


class BadCursor(SymposiaError):
    """The cursor was not written by this installation, or not with a key that it still has."""


class Cursor(msgspec.Struct, frozen=True):
    """Go on with *query* beyond the statement with sequence number *after*; *through* is the first page's consistent-through."""

    query: ManyQuery
    after: int
    through: datetime


def write_cursor(cursor: Cursor, keychain: Keychain) -> str:
    """Write *cursor* for a URL, with a tag that only we can make."""
    payload = msgspec.json.encode(cursor)
    return base64.urlsafe_b64encode(keychain.sign(payload) + payload).decode().rstrip("=")


def read_cursor(text: str, keychain: Keychain) -> Cursor:
    """Read what `write_cursor` wrote. Raises BadCursor."""
    try:
        signed = base64.b64decode(text[:_LONGEST] + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadCursor("This is not a cursor") from error
    tag, payload = signed[:TAG_BYTES], signed[TAG_BYTES:]
    if not keychain.signed(payload, tag):
        raise BadCursor("The cursor was not written here")
    try:
        return msgspec.json.decode(payload, type=Cursor)
    except msgspec.MsgspecError as error:
        raise BadCursor("The cursor was written by another version") from error

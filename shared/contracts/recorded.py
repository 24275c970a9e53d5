"""`recorded`: one statement of the record."""

from __future__ import annotations

import msgspec

from shared.contracts.wire import Ordinal, Text


class Recorded(msgspec.Struct, frozen=True, rename="camel"):
    """A recorded statement, or news of one.

    It is said once when it is recorded, again with *voided* when it gets voided, and again with *redacted_at* (RFC 3339) when its
    bytes are redacted. Both are absorbing: a consumer never goes back, in whatever order it hears. *statement* holds the stored
    bytes, `stored` included. *names_only* says that a redacted statement has only lost the people who were erased: its words are
    still there and count, and `shared.xapi.erased` stands in the place of each such person.
    """

    id: Text
    seq: Ordinal
    stored: Text
    received_at: Text
    source: Text
    statement: msgspec.Raw
    voided: bool = False
    redacted_at: Text | None = None
    names_only: bool = False

"""Write rows of `statement_mention` as COPY's binary format has them: they are most of what the recorder writes.

https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO
from struct import Struct
from typing import Final

from services.gateway.domain.mentions import Mention

MENTION: Final = ("key", "seq", "usage", "direct")
"""The columns, in the order in which they are written."""

_HEADER: Final = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER: Final = b"\xff\xff"
# How many fields, then each field behind its length: uuid, bigint, smallint, boolean.
_pack: Final = Struct(">hi16siqihi?").pack


def mentions(statements: Iterable[tuple[int, Sequence[Mention]]]) -> BytesIO:
    """Write what *statements*, each a seq with its mentions, mention; in order of the key, so that the index is walked once."""
    rows = [_pack(4, 16, key, 8, seq, 2, usage, 1, direct) for seq, mentioned in statements for key, usage, direct in mentioned]
    rows.sort()
    return BytesIO(b"".join((_HEADER, *rows, _TRAILER)))

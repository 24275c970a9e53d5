"""Write rows of `statement_mention` as COPY's binary format has them: they are most of what the recorder writes.

https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format".
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from struct import Struct
from typing import Final

from services.gateway.domain.mentions import Mentions

MENTION: Final = ("key", "seq", "usage", "direct")
"""The columns, in the order in which they are written."""

_HEADER: Final = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER: Final = b"\xff\xff"
# How many fields, then each field behind its length: uuid, bigint, smallint, boolean.
_pack: Final = Struct(">hi16siqihi?").pack


async def mentions(statements: Iterable[tuple[int, Mentions]]) -> AsyncIterator[bytes]:
    """Yield, in one piece, what *statements* mention, each a seq and its mentions.

    In order of the key, so that the index is walked once; an iterator, since asyncpg would read a file in a thread.
    """
    rows = [
        _pack(4, 16, key, 8, seq, 2, usage, 1, direct)
        for seq, mentioned in statements
        for key, (usage, direct) in mentioned.items()
    ]
    rows.sort()
    yield b"".join((_HEADER, *rows, _TRAILER))

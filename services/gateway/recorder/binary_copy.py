"""Write rows of `statement_mention` as COPY's binary format has them: they are most of what the recorder writes.

https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format".
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from struct import Struct
from typing import Final

from services.gateway.domain.mentions import Mentions
from shared.aside import aside

MENTION: Final = ("key", "seq", "usage", "direct")
"""The columns, in the order in which they are written."""

_HEADER: Final = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER: Final = b"\xff\xff"
# How many fields, then each field behind its length: uuid, bigint, smallint, boolean.
_ROW: Final = Struct(">hi16siqihi?")
_pack: Final = _ROW.pack


async def mentions(statements: Iterable[tuple[int, Mentions]]) -> AsyncIterator[bytes]:
    """Yield, in one piece, what *statements* mention, each a seq and its mentions.

    In order of the key, so that the index is walked once; an iterator, since asyncpg would read a file in a thread.
    """
    several = tuple(statements)
    yield await aside(sum(len(mentioned) for _, mentioned in several) * _ROW.size, _written, several)


def _written(statements: Iterable[tuple[int, Mentions]]) -> bytes:
    rows = [
        _pack(4, 16, key, 8, seq, 2, usage, 1, direct)
        for seq, mentioned in statements
        for key, (usage, direct) in mentioned.items()
    ]
    rows.sort()
    return b"".join((_HEADER, *rows, _TRAILER))

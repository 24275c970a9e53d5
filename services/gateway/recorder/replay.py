"""Say the whole record again, so that projections can be rebuilt from it."""

from __future__ import annotations

from typing import Final

from services.gateway.recorder.messages import RecordedRow, recorded
from shared.postgres import Database, load_queries
from shared.stream.log import Log

PAGE_STATEMENTS: Final = 500
PAGE_BYTES: Final = 4 * 1024 * 1024

_QUERIES: Final = load_queries(__package__)


async def replay(database: Database, log: Log, *, page: int = PAGE_STATEMENTS) -> int:
    """Append to *log* every statement of the record, as it stands, in order of seq; return the last seq.

    At most *page* statements are held at a time, of PAGE_BYTES together unless one alone has more. Interrupted, it may start
    anew: consumers take what they hear again in their stride. Raises Unavailable.
    """
    last = 0
    while rows := await database.fetch(_QUERIES["replay"], last, page, PAGE_BYTES):
        await log.append([recorded(RecordedRow(*row)) for row in rows])
        last = int(rows[-1]["seq"])
    return last


async def rehearse(database: Database, log: Log) -> None:
    """Append the first statement of the record, if there is one: who may not, or cannot, learns it before anything is emptied.

    Raises Unavailable, Misconfigured.
    """
    rows = await database.fetch(_QUERIES["replay"], 0, 1, PAGE_BYTES)
    await log.append([recorded(RecordedRow(*row)) for row in rows])

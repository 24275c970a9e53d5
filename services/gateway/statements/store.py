"""Read the record: one statement, those that match, those that were posted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import takewhile
from typing import Final, NamedTuple
from uuid import UUID

from services.gateway.domain.keys import Key, activity_key, agent_key, registration_key, verb_key
from services.gateway.domain.query import Filters
from services.gateway.recorder.clock import raise_consistent_through
from services.gateway.statements.pages import Asked, Pages, Rows
from shared.contracts.wire import LAST_ORDINAL
from shared.postgres import Database, load_queries
from shared.xapi.model import StatementId

_QUERIES: Final = load_queries(__package__)
LONG_BYTES: Final = 16 * 1024 * 1024
"""How much there is of long statements on a page before no further one is put on it."""
COMMON: Final = 2000
"""Statements that mention what is common: of less, each is looked at."""
FIRST_STRETCH: Final = 4096
LONGEST_STRETCH: Final = 262_144
"""Statements of the record among which one query looks for those that mention several common things."""


@dataclass(frozen=True, slots=True)
class Page:
    """Stored bytes of statements in the order asked for; where there is *more*, it comes after the seq *last*."""

    bodies: tuple[bytes, ...]
    last: int | None
    more: bool


class _Wanted(NamedTuple):
    """A key that statements have to mention, directly or, where *related*, in any way."""

    key: Key
    related: bool


class _Ordered(NamedTuple):
    """What statements have to mention, the rarest first; whether that, too, is *common*, and the last seq of the record."""

    wanted: list[_Wanted]
    common: bool = False
    newest: int = LAST_ORDINAL


class _Window(NamedTuple):
    """At most *most* statements, from behind the seq *behind* up to *last*; its fields are the queries' first parameters."""

    behind: int
    last: int
    most: int


class StatementStore:
    """The reading side of the record."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._oldest_first = Pages(partial(self._mentioning, ascending=True))
        self._newest_first = Pages(partial(self._mentioning, ascending=False))

    async def one(self, identifier: StatementId, *, voided: bool = False, authority: str | None = None) -> bytes | None:
        """Return the stored bytes of a statement among the *voided*, or among the others, if it is there.

        With *authority* (a canonical IFI) only what that vouches for is there. Raises Unavailable.
        """
        body: bytes | None = await self._database.fetchval(_QUERIES["one"], UUID(identifier), voided, authority)
        return body

    async def page(self, filters: Filters, limit: int, after: int | None = None) -> Page:
        """Return the first *limit* statements that match *filters*, from behind the seq *after* on; voided ones never match.

        Where some of them are long, only as many as LONG_BYTES hold of these, and what stands before the next one.

        Statements that refer to a matching statement match too (1.0.3 Communication §2.1.3). Raises Unavailable.
        """
        behind, last = await self.bounds(filters)
        if after is not None:
            behind, last = (max(behind, after), last) if filters.ascending else (behind, min(last, after - 1))
        rows = await self._rows(filters, _Window(behind, last, limit + 1))
        found = await self._whole(rows[:limit])
        return Page(tuple(body for _, body in found), found[-1][0] if found else None, more=len(rows) > len(found))

    async def digests(self, identifiers: Sequence[StatementId]) -> Mapping[StatementId, bytes]:
        """Return the digests (32 bytes) of those statements that are recorded. Raises Unavailable."""
        rows = await self._database.fetch(_QUERIES["digests"], list(map(UUID, identifiers)))
        return {StatementId(str(identifier)): digest for identifier, digest in rows}

    async def consistent_through(self) -> datetime:
        """Return the time up to which the record is whole; a page that is read after it lacks nothing. Raises Unavailable."""
        return await raise_consistent_through(self._database)

    async def bounds(self, filters: Filters) -> tuple[int, int]:
        """Return the range of seq, its start exclusive, that *since* and *until* leave. Raises Unavailable."""
        if filters.since is None and filters.until is None:
            return 0, LAST_ORDINAL
        row = await self._database.fetchrow(_QUERIES["bounds"], filters.since, filters.until)
        return (row["behind"], row["last"]) if row else (0, LAST_ORDINAL)

    async def _rows(self, filters: Filters, window: _Window) -> Rows:
        order = "ascending" if filters.ascending else "descending"
        ordered = await self._rarest_first(_wanted(filters))
        match ordered.wanted:
            case []:
                rows = await self._database.fetch(_QUERIES[f"all_{order}"], *window)
            case [_Wanted(key, related=False)]:
                pages = self._oldest_first if filters.ascending else self._newest_first
                return await pages.read(Asked(*window, key.hex()))
            case [_, _, *_] if ordered.common:
                return await self._meeting(filters, ordered, window)
            case [first, *others]:
                asked = (first.key.hex(), first.related, *_columns(others), filters.authority)
                rows = await self._database.fetch(_QUERIES[f"matching_{order}"], *window, *asked)
        return [(seq, body) for seq, body in rows]

    async def _whole(self, rows: Rows) -> list[tuple[int, bytes]]:
        """Return *rows* with the long ones among them, up to the first that there is no more room for."""
        long = [seq for seq, body in rows if body is None]
        read = dict(await self._long(long)) if long else {}
        several = ((seq, read.get(seq) if body is None else body) for seq, body in rows)
        return [(seq, body) for seq, body in takewhile(lambda row: row[1] is not None, several) if body is not None]

    async def _long(self, seqs: Sequence[int]) -> list[tuple[int, bytes]]:
        return [(seq, body) for seq, body in await self._database.fetch(_QUERIES["long"], seqs, LONG_BYTES)]

    async def _mentioning(self, asked: Sequence[Asked], *, ascending: bool) -> list[Rows]:
        """Return each page that is *asked* for, by one query."""
        query = _QUERIES["mentioning_ascending" if ascending else "mentioning_descending"]
        pages: list[Rows] = [[] for _ in asked]
        for place, seq, body in await self._database.fetch(query, *map(list, zip(*asked, strict=True))):
            pages[place - 1].append((seq, body))
        for page in pages:
            page.sort(reverse=not ascending)
        return pages

    async def _meeting(self, filters: Filters, ordered: _Ordered, window: _Window) -> Rows:
        """Return what mentions several keys, each of which very many statements mention, some of the record at a time."""
        behind, last, most = window
        keys, related = _columns(ordered.wanted)
        rows: Rows = []
        for start, end in stretches(behind, min(last, ordered.newest), ascending=filters.ascending):
            asked = (start, end, most - len(rows), keys, related, filters.authority, filters.ascending)
            rows += [(seq, body) for seq, body in await self._database.fetch(_QUERIES["meeting"], *asked)]
            if len(rows) >= most:
                break
        return rows

    async def _rarest_first(self, wanted: list[_Wanted]) -> _Ordered:
        """Put first what the fewest statements mention: its part of the index is walked, the others are looked up."""
        if len(wanted) < 2:  # noqa: PLR2004  one has no order
            return _Ordered(wanted)
        rows = await self._database.fetch(_QUERIES["rarest_first"], *_columns(wanted), COMMON)
        return _Ordered([wanted[row["place"] - 1] for row in rows], rows[0]["common"], rows[0]["newest"])


def stretches(behind: int, last: int, *, ascending: bool) -> Iterator[tuple[int, int]]:
    """Yield the seqs behind *behind* up to *last*, some at a time, in the order asked for: starts exclusive, ends inclusive.

    What meets often is found in the first and shortest of them, and what seldom does in few.
    """
    size = FIRST_STRETCH
    while behind < last:
        if ascending:
            yield behind, min(last, behind + size)
            behind += size
        else:
            yield max(behind, last - size), last
            last -= size
        size = min(4 * size, LONGEST_STRETCH)


def _columns(wanted: Iterable[_Wanted]) -> tuple[list[str], list[bool]]:
    return [each.key.hex() for each in wanted], [each.related for each in wanted]


def _wanted(filters: Filters) -> list[_Wanted]:
    """Return what statements have to mention, what is most telling as a rule first."""
    wanted: list[_Wanted] = []
    if filters.registration is not None:
        wanted.append(_Wanted(registration_key(filters.registration), related=False))
    if filters.agent is not None:
        wanted.append(_Wanted(agent_key(filters.agent), related=filters.related_agents))
    if filters.activity is not None:
        wanted.append(_Wanted(activity_key(filters.activity), related=filters.related_activities))
    if filters.authority is not None:
        wanted.append(_Wanted(agent_key(filters.authority), related=True))
    if filters.verb is not None:
        wanted.append(_Wanted(verb_key(filters.verb), related=False))
    return wanted

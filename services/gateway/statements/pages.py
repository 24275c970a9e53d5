"""Pages of what mentions one key, which is what most readers ask for: those who ask at once share a query."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final, NamedTuple, TypeAlias

from shared.errors import Unavailable

Rows: TypeAlias = list[tuple[int, bytes | None]]
"""The seq and the stored bytes of statements, in the order asked for; None in the place of bytes that are long."""

TOGETHER: Final = 250
"""Statements that one query is asked for at most, unless one alone asks for more: whoever is first waits for all of them."""


class Asked(NamedTuple):
    """At most *most* statements that mention *key* (hexadecimal) directly, from behind the seq *behind* up to *last*."""

    behind: int
    last: int
    most: int
    key: str


class Pages:
    """Has *query* answer all who ask in the same turn of the event loop, in order; nobody waits for company.

    An outage is everybody's. Where the one who asks for all gives up, or meets a bug, the others ask again.
    """

    def __init__(self, query: Callable[[Sequence[Asked]], Awaitable[Sequence[Rows]]]) -> None:
        self._query = query
        self._gathering: _Group | None = None

    async def read(self, asked: Asked) -> Rows:
        """Return the statements that are *asked* for. Raises Unavailable."""
        while self._gathering is not None and self._gathering.has_room(asked):
            rows = await self._gathering.join(asked)
            if rows is not None:
                return rows
        return await self._lead(_Group(asked))

    async def _lead(self, group: _Group) -> Rows:
        """Ask for all of *group*, of which whoever asks alone is the first."""
        try:
            await self._gather(group)
            mine, *others = await self._query(group.asked)
        except Unavailable as outage:
            group.fail(outage)
            raise
        except BaseException:
            group.tell(None for _ in group.asked[1:])
            raise
        group.tell(others)
        return mine

    async def _gather(self, group: _Group) -> None:
        """Let those join *group* who are about to ask: they run before the event loop comes back to this."""
        self._gathering = group
        try:
            await asyncio.sleep(0)
        finally:
            if self._gathering is group:
                self._gathering = None


class _Group:
    """What one query asks for, and where those who joined the first one wait for its answer, or for None: to ask again."""

    def __init__(self, first: Asked) -> None:
        self.asked = [first]
        self._size = first.most
        self._answers: list[asyncio.Future[Rows | None]] = []

    def has_room(self, asked: Asked) -> bool:
        """Say whether the query may be asked for that, too."""
        return self._size + asked.most <= TOGETHER

    async def join(self, asked: Asked) -> Rows | None:
        """Ask for that, too; return what was found. Raises Unavailable."""
        answer: asyncio.Future[Rows | None] = asyncio.get_running_loop().create_future()
        self.asked.append(asked)
        self._size += asked.most
        self._answers.append(answer)
        return await answer

    def tell(self, told: Iterable[Rows | None]) -> None:
        """Give those who joined what is *told*, unless they gave up."""
        for answer, rows in zip(self._answers, told, strict=True):
            if not answer.done():
                answer.set_result(rows)

    def fail(self, outage: Unavailable) -> None:
        """Tell those who joined of the *outage*."""
        for answer in self._answers:
            if not answer.done():
                answer.set_exception(outage)

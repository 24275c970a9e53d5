"""Pages of statements that mention one key, the most frequent request: readers that ask at the same time share a query."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final, NamedTuple, TypeAlias

from shared.errors import Unavailable

Rows: TypeAlias = list[tuple[int, bytes | None]]
"""The seq and the stored bytes of statements, in the order asked for; None in the place of bytes that are long."""

TOGETHER: Final = 250
"""Most statements that a shared query may ask for, since its first reader waits for all; one reader alone may ask for more."""


class Asked(NamedTuple):
    """At most *most* statements that mention *key* (hexadecimal) directly, from behind the seq *behind* up to *last*."""

    behind: int
    last: int
    most: int
    key: str


class Pages:
    """Answers all readers of one turn of the event loop with a single *query*; nobody is delayed for the sake of sharing.

    An outage is reported to all of them. If the reader that runs the query is cancelled, or meets a bug, the others ask again.
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
        """Run the query for *group*, as its first member."""
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
        """Let readers join *group* that run before the event loop comes back to this one."""
        self._gathering = group
        try:
            await asyncio.sleep(0)
        finally:
            if self._gathering is group:
                self._gathering = None


class _Group:
    """The requests of one query, and the futures of those that joined it; None as an answer tells them to ask again."""

    def __init__(self, first: Asked) -> None:
        self.asked = [first]
        self._size = first.most
        self._answers: list[asyncio.Future[Rows | None]] = []

    def has_room(self, asked: Asked) -> bool:
        """Say whether the query can take this request as well."""
        return self._size + asked.most <= TOGETHER

    async def join(self, asked: Asked) -> Rows | None:
        """Add a request; return its rows, or None to ask again. Raises Unavailable."""
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

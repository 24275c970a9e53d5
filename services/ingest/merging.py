"""Do together what is asked for at the same time: deliveries that come at once share a transaction, or a request to the log."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

from shared.errors import Unavailable
from shared.stream.background import spawn

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

MOST: Final = 64
"""What one go takes; the rest takes the next."""


class Merging(Generic[Asked, Answer]):
    """A queue in front of *work*, which answers each of what it is given, in order.

    Whoever asks while one go is under way is part of the next. An outage is everybody's; what else goes wrong is only that of
    whoever asked for it: then each is done alone.
    """

    def __init__(self, work: Callable[[Sequence[Asked]], Awaitable[Sequence[Answer]]], name: str) -> None:
        self._work = work
        self._name = name
        self._waiting: deque[tuple[Asked, asyncio.Future[Answer]]] = deque()
        self._task: asyncio.Task[None] | None = None

    async def __call__(self, asked: Asked) -> Answer:
        """Return the answer to *asked*; raises what *work* raises."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, answer))
        if self._task is None or self._task.done():
            self._task = spawn(self._until_done(), self._name)
        return await answer

    async def _until_done(self) -> None:
        while group := self._next():
            try:
                await self._answer(group)
            except asyncio.CancelledError:
                _fail(group, Unavailable("ingest", "it is being stopped"))
                raise

    def _next(self) -> list[tuple[Asked, asyncio.Future[Answer]]]:
        """Return what the next go takes: nothing of whoever gave up, or what was refused would fill the memory in an outage."""
        group: list[tuple[Asked, asyncio.Future[Answer]]] = []
        while self._waiting and len(group) < MOST:
            asked, answer = self._waiting.popleft()
            if not answer.done():
                group.append((asked, answer))
        return group

    async def _answer(self, group: Sequence[tuple[Asked, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await self._work([asked for asked, _ in group])
        except Unavailable as outage:
            _fail(group, outage)
        except Exception as error:  # noqa: BLE001  whoever asked hears of it, a bug included
            if len(group) == 1:
                _fail(group, error)
                return
            for each in group:
                await self._answer([each])
        else:
            for (_, future), found in zip(group, answers, strict=True):
                if not future.done():
                    future.set_result(found)


def _fail(group: Sequence[tuple[Asked, asyncio.Future[Answer]]], error: Exception) -> None:
    for _, future in group:
        if not future.done():
            future.set_exception(error)

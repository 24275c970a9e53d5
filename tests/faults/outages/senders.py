"""Senders who post one statement after the other, each until it is accepted, and keep what they were answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

import httpx

from tests.support.gateway import statement

CONNECTIONS: Final = 16
PACE: Final = 0.32
"""Seconds between the beginnings of two posts of one sender: 50 statements a second in all."""

PATIENCE: Final = 1.0
OK: Final = 200
THROUGH: Final = "x-experience-api-consistent-through"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered: when it began and ended (loop's seconds), the status, and two headers."""

    name: str
    begun: float
    ended: float
    status: int
    retry_after: str = ""
    through: str = ""

    @property
    def seconds(self) -> float:
        """Return how long the answer took."""
        return self.ended - self.begun


@dataclass(slots=True)
class Senders:
    """What all senders saw, and which statements were *accepted*, each with the time of its acceptance."""

    http: httpx.AsyncClient
    answers: list[Answer] = field(default_factory=list)
    accepted: dict[str, float] = field(default_factory=dict)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, place: int) -> None:
        """Post statements of the sender at *place* until it is over; one that is refused is sent again."""
        await asyncio.sleep(PACE * place / CONNECTIONS)
        while not self.over.is_set():
            begun = now()
            await self._until_accepted(statement(id=str(uuid4()), actor={"mbox": f"mailto:sender-{place}@example.org"}))
            await asyncio.sleep(max(0.0, begun + PACE - now()))

    async def _until_accepted(self, sent: dict[str, Any]) -> None:
        while True:
            answer = await timed("POST statement", lambda: self.http.post("/xapi/statements", json=sent))
            self.answers.append(answer)
            if answer.status == OK:
                self.accepted[sent["id"]] = answer.ended
                return
            await asyncio.sleep(min(float(answer.retry_after or PATIENCE), PATIENCE))


@asynccontextmanager
async def sending(http: httpx.AsyncClient) -> AsyncIterator[Senders]:
    """Let senders post for as long as the block lasts, and then until all they have posted is accepted."""
    senders = Senders(http)
    async with asyncio.TaskGroup() as group:
        for place in range(CONNECTIONS):
            group.create_task(senders.send(place))
        try:
            yield senders
        finally:
            senders.over.set()


async def timed(name: str, ask: Callable[[], Awaitable[httpx.Response]]) -> Answer:
    """Return what was answered to what *ask* asks, and how long it took."""
    begun = now()
    response = await ask()
    headers = response.headers
    return Answer(name, begun, now(), response.status_code, headers.get("retry-after", ""), headers.get(THROUGH, ""))


def now() -> float:
    """Return the loop's time."""
    return asyncio.get_running_loop().time()

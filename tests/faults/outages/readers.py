"""Who else asks while something is away: readers, document stores, senders of attachments; and who watches the memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, TypeAlias
from uuid import uuid4

import httpx

from tests.faults.outages.installation import Installation
from tests.faults.outages.senders import Answer, now, timed
from tests.support.attachments import BOUNDARY, attachment, multipart, part, statements_part
from tests.support.gateway import statement

EVERY: Final = 1.0
SAMPLE: Final = 0.5
STATE: Final = {"activityId": "https://example.org/course", "agent": '{"mbox":"mailto:ann@example.org"}', "stateId": "bookmark"}
Ask: TypeAlias = Callable[[httpx.AsyncClient], Awaitable[httpx.Response]]


async def _attachment(http: httpx.AsyncClient) -> httpx.Response:
    content = uuid4().bytes
    body = multipart([statements_part(statement(attachments=[attachment(content)])), part(content)])
    return await http.post("/xapi/statements", content=body, headers={"Content-Type": f'multipart/mixed; boundary="{BOUNDARY}"'})


ASKED: Final[Mapping[str, Ask]] = {
    "GET statements": lambda http: http.get("/xapi/statements", params={"limit": "10"}),
    "GET one statement": lambda http: http.get("/xapi/statements", params={"statementId": str(uuid4())}),
    "GET state": lambda http: http.get("/xapi/activities/state", params=STATE),
    "PUT state": lambda http: http.put("/xapi/activities/state", params=STATE, content=b"3"),
    "GET activity": lambda http: http.get("/xapi/activities", params={"activityId": "https://forum.example/t/1"}),
    "POST attachment": _attachment,
}


@dataclass(slots=True)
class Readers:
    """What everyone else was answered, the gateway's memory (when, MB), and the bytes under way to the log at the same times."""

    answers: list[Answer] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)
    under_way: list[float] = field(default_factory=list)


@asynccontextmanager
async def reading(running: Installation) -> AsyncIterator[Readers]:
    """Ask everything once a second, and sample the gateway's memory, for as long as the block lasts."""
    readers, over = Readers(), asyncio.Event()

    async def ask(name: str, question: Ask) -> None:
        readers.answers.append(await timed(name, lambda: question(running.http)))

    async def ask_on() -> None:
        async with asyncio.TaskGroup() as questions:
            while not over.is_set():
                for name, question in ASKED.items():
                    questions.create_task(ask(name, question))
                await asyncio.sleep(EVERY)

    async def watch() -> None:
        while not over.is_set():
            readers.memory.append((now(), await asyncio.to_thread(running.memory)))
            readers.under_way.append(await running.under_way())
            await asyncio.sleep(SAMPLE)

    async with asyncio.TaskGroup() as group:
        group.create_task(ask_on())
        group.create_task(watch())
        try:
            yield readers
        finally:
            over.set()

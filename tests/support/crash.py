"""Processes that are killed and started again, and what is checked afterwards: the tables of every service, and the log."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple, Self
from uuid import uuid4

from services.enrichment.digest import digest as records_digest
from services.pipeline import SCHEMAS, Pipeline
from services.scoring.digest import digest as impact_digest
from shared.contracts import Topic
from shared.postgres import Database, Query
from shared.settings import PostgresSettings
from shared.stream import Log, Record, StreamMetrics, StreamSettings
from shared.stream.open import open_log
from shared.telemetry import new_registry
from tests.support.forks import FORKS

LOOK: Final = 0.1
STATEMENTS: Final = Query("SELECT id::text, encode(digest, 'hex'), voided, redacted_at IS NOT NULL FROM statement")


class Digests(NamedTuple):
    """What the tables hold, bookkeeping aside, and how much that is."""

    statements: frozenset[tuple[Any, ...]]
    records: Any
    impact: Any

    def differing(self, other: Digests) -> tuple[str, ...]:
        """Name the schemas in which *other* holds something else."""
        names = ("lrs", "records", "impact")
        return tuple(name for name, mine, theirs in zip(names, self, other, strict=True) if mine != theirs)


class Nursery:
    """Starts processes that have imported everything already."""

    def start(self, target: Callable[[Any], None], order: Any) -> Child:
        """Start a process that calls *target* with *order*."""
        process = FORKS.Process(target=target, args=(order,), daemon=True)
        process.start()
        return Child(process)


class Child:
    """A process that runs, and may be killed."""

    def __init__(self, process: Any) -> None:
        self._process = process
        self._ended = asyncio.create_task(self._until_ended())

    async def __aenter__(self) -> Self:
        return self

    async def _until_ended(self) -> None:
        """Wait in this thread until it is over: whoever starts another process reads how all ended, which one alone can."""
        loop, over = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._process.sentinel, over.set)
        try:
            await over.wait()
        finally:
            loop.remove_reader(self._process.sentinel)
        self._process.join()

    async def __aexit__(self, *_: object) -> None:
        """Kill it, if it lives still."""
        self._process.kill()
        await self._ended
        self._process.close()

    async def killed(self, seconds: float) -> bool:
        """Wait until it has died by SIGKILL; say no where it outlives *seconds*. Any other end is an error."""
        await asyncio.wait([self._ended], timeout=seconds)
        if not self._ended.done():
            return False
        assert self._process.exitcode == -signal.SIGKILL, f"ended by itself: {self._process.exitcode}"
        return True

    async def frozen(self, seconds: float) -> None:
        """Return once it is stopped (SIGSTOP); raises TimeoutError after *seconds*."""
        async with asyncio.timeout(seconds):
            while not self._is_frozen():
                assert not self._ended.done(), f"the process ended: {self._process.exitcode}"
                await asyncio.sleep(0.02)

    def _is_frozen(self) -> bool:
        """Say whether the kernel has it as stopped."""
        return not self._ended.done() and " T " in Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii")

    def thaw(self) -> None:
        """Let it go on (SIGCONT) where it was frozen."""
        os.kill(self._process.pid, signal.SIGCONT)

    async def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        self._process.terminate()
        await self._ended
        assert self._process.exitcode == 0, f"did not end well: {self._process.exitcode}"

    async def while_alive(self, work: Any, seconds: float) -> None:
        """Do *work* to its end; raises AssertionError where the process ends before, TimeoutError after *seconds*."""
        async with asyncio.timeout(seconds):
            working = asyncio.ensure_future(work)  # noqa: TID251  waited for in the next line, and cancelled by it
            try:
                await asyncio.wait([working, self._ended], return_when=asyncio.FIRST_COMPLETED)
                assert working.done(), f"the process ended: {self._process.exitcode}"
                await working
            finally:
                working.cancel()


@asynccontextmanager
async def open_books(postgres: PostgresSettings, stream: StreamSettings) -> AsyncIterator[Pipeline]:
    """Open the log and the books of every stage, to look at them."""
    async with AsyncExitStack() as stack:
        databases = {}
        for schema in SCHEMAS:
            databases[schema] = await Database.open(postgres, schema=schema, application="checker")
            stack.push_async_callback(databases[schema].close)
        log = await open_log(stream, postgres, application="checker", metrics=StreamMetrics(new_registry("checker", "0")))
        stack.push_async_callback(log.close)
        yield Pipeline(log, databases)


async def settled(books: Pipeline) -> None:
    """Return once no stage has anything left to do."""
    while any(standing.left for standing in await books.standings()):  # noqa: ASYNC110  another process's work
        await asyncio.sleep(LOOK)


async def digests(books: Pipeline) -> Digests:
    """Read what the tables hold."""
    statements = await books.databases["lrs"].fetch(STATEMENTS)
    return Digests(
        frozenset(tuple(row) for row in statements),
        await records_digest(books.databases["records"]),
        await impact_digest(books.databases["impact"]),
    )


async def read_topic(log: Log, topic: Topic) -> Sequence[Record]:
    """Return every record of *topic*, partition by partition in order."""
    inbox = await log.inbox(f"checker-{uuid4()}", (topic,))
    found: list[Record] = []
    left = {partition: end for partition, end in (await log.ends(topic)).items() if end}
    try:
        while left:
            for partition in await inbox.unsought():
                await inbox.seek(partition, (await inbox.bounds(partition))[0])
            batch = await inbox.fetch(500, 0.5)
            if batch is None:
                continue
            found.extend(batch.records)
            if batch.records[-1].offset + 1 >= left.get(batch.partition, 0):
                left.pop(batch.partition, None)
    finally:
        await inbox.close()
    return found

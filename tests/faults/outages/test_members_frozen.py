"""What was heard is told once and for all alike, whoever joins, leaves, dies, or freezes in the middle of a batch and thaws."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Final

import pytest
from prometheus_client import CollectorRegistry

from services.ingest.connectors.registry import HOOKS
from services.ingest.domain.reading import Delivery
from services.ingest.domain.source import SourceId
from services.ingest.hearing import Hearing
from services.ingest.intake import IntakeStep
from services.ingest.metrics import IngestMetrics
from services.ingest.sources import NewSource, Sources
from services.ingest.tallies import Tallies
from services.ingest.vault import Vault
from services.pipeline import Pipeline
from shared.clock import utc_now
from shared.contracts import HEARD, RECEIVED, TOPICS, Received, decode
from shared.postgres import Query
from tests.faults.crash.member import KEY
from tests.faults.outages import teller
from tests.support.crash import Child, Nursery, open_books, read_topic
from tests.support.discourse import discourse_conversation
from tests.support.ingest import NOW, SECRET, Ear, Sent
from tests.support.kafka import StartCluster
from tests.support.slack import slack_conversation

PATIENCE: Final = 60.0
SOURCES: Final = 6
"""So many sources of each platform, over the partitions."""
TOLD: Final = Query("SELECT sum(next_offset)::bigint FROM consumer_offset WHERE group_name = 'telling'")
LEFT: Final = Query("SELECT (SELECT count(*) FROM pending) + (SELECT count(*) FROM dead_letter) + (SELECT count(*) FROM outbox)")


def conversations() -> list[Sent]:
    """Return what is said in every source, one after the other in each, all at once; half of them are told backwards."""
    scripts = []
    for number in range(SOURCES):
        for script in (slack_conversation(), discourse_conversation()):
            source = replace(script[0].source, id=SourceId(f"{script[0].source.id}-{number}"))
            said = [replace(each, source=source) for each in script]
            scripts.append(said[::-1] if number % 2 else said)
    longest = max(map(len, scripts))
    return [script[place] for place in range(longest) for script in scripts if place < len(script)]


@dataclass
class House:
    """The members, what they are to tell, and the books to look at."""

    url: str
    kafka: str
    books: Pipeline
    stack: AsyncExitStack
    hearing: Hearing

    async def start(self, freeze_at: str = "") -> Child:
        """Start a member, which freezes there."""
        return await self.stack.enter_async_context(Nursery().start(teller.main, teller.Order(self.url, self.kafka, freeze_at)))

    async def hear(self, deliveries: Iterable[Sent]) -> None:
        """Hear *deliveries* as a door does."""
        for sent in deliveries:
            reading = HOOKS[sent.source.platform].read(sent.source, Delivery(sent.headers, sent.document))
            await self.hearing.take(sent.source, reading)

    async def until_told(self) -> None:
        """Return once all that was heard is told."""
        async with asyncio.timeout(PATIENCE):
            while await self.behind():  # noqa: ASYNC110  another process's work
                await asyncio.sleep(0.05)

    async def behind(self) -> int:
        """Return how much was heard and is not told yet."""
        told = await self.books.databases["ingest"].fetchval(TOLD) or 0
        return sum((await self.books.log.ends(HEARD)).values()) - int(told)

    async def received(self) -> Counter[tuple[str, bytes]]:
        """Return how often each statement was appended."""
        records = await read_topic(self.books.log, RECEIVED)
        return Counter((each.id, bytes(each.body)) for record in records for each in decode(record.value, Received).statements)


@pytest.fixture
async def house(database_url: str, start_kafka: StartCluster) -> AsyncIterator[House]:
    kafka, postgres = start_kafka(1).bootstrap, teller.postgres_settings(database_url)
    async with open_books(postgres, teller.stream_settings(kafka)) as books, AsyncExitStack() as stack:
        await books.log.ensure(TOPICS)
        sources = Sources(books.databases["ingest"], Vault.of(KEY))
        for source in {sent.source.id: sent.source for sent in conversations()}.values():
            await sources.add(NewSource(source.id, source.platform, source.workspace, SECRET, source.policy), NOW)
        hearing = Hearing(books.log, utc_now, IngestMetrics(CollectorRegistry(), Tallies(utc_now)))
        yield House(database_url, kafka, books, stack, hearing)


def shares(deliveries: list[Sent], number: int) -> Iterator[list[Sent]]:
    each = -(-len(deliveries) // number)
    return (deliveries[start : start + each] for start in range(0, len(deliveries), each))


@pytest.mark.timeout(240)
async def test_whoever_freezes_in_a_batch_and_thaws_once_another_has_told_it_tells_nothing_else(house: House) -> None:
    first, second, third, fourth = shares(conversations(), 4)
    frozen = await house.start(f"{IntakeStep.LEARNT}:7")
    await house.hear(first)
    await frozen.frozen(PATIENCE)
    beside = await house.start(f"{IntakeStep.APPENDED}:5")
    await beside.frozen(PATIENCE)
    heir = await house.start()
    await house.hear(second)
    await house.until_told()

    frozen.thaw()
    beside.thaw()
    await house.hear(third)
    await heir.stop()
    await house.hear(fourth)
    await house.until_told()

    ear = Ear()
    await ear.hear(*conversations())
    received = await house.received()
    assert set(received) == ear.told()
    assert received.total() > len(received), "nobody told anything again"
    assert await house.books.databases["ingest"].fetchval(LEFT) == 0

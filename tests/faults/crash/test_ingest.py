"""Ingest is killed (SIGKILL) while it tells what was delivered, and the platforms deliver again what was not answered 2xx."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx
import pytest

from deploy.kafka.layout import free_ports
from services.ingest.intake import IntakeStep
from services.ingest.sources import NewSource, Sources
from services.ingest.vault import Vault
from services.pipeline import Pipeline
from shared.postgres import Database
from tests.faults.crash import member
from tests.faults.crash.checker import Verdict
from tests.faults.crash.conftest import Show
from tests.faults.crash.script import Play
from tests.faults.crash.theatre import AT_ONCE, HOUSE, PATIENCE, Outcome, Theatre, another, passages, table
from tests.support.crash import Child, Digests, digests, open_books, settled
from tests.support.discourse import discourse_conversation
from tests.support.ingest import SECRET, Ear, Sent
from tests.support.postgres import settings_for
from tests.support.slack import slack_conversation

TEMPLATE: Final = "crash_sources"
SCRIPT: Final = (*slack_conversation(), *discourse_conversation())
"""A conversation on each platform, with answers, acceptances, edits and deletes."""


@dataclass
class Platforms:
    """Who delivers, to the house at *url*, and starts it again (the operating system's part) where it died."""

    theatre: Theatre
    url: str
    stack: AsyncExitStack
    port: int
    house: Child
    client: httpx.AsyncClient

    @classmethod
    async def begin(cls, theatre: Theatre, url: str, stack: AsyncExitStack, crash_at: str = "", counts: str = "") -> Platforms:
        """Start the house, which crashes there."""
        (port,) = free_ports(1)
        client = await stack.enter_async_context(httpx.AsyncClient(timeout=5, trust_env=False))
        house = await stack.enter_async_context(_start(theatre, url, port, crash_at, counts))
        return cls(theatre, url, stack, port, house, client)

    async def deliver(self, sent: Sent) -> None:
        """Deliver *sent* until it is answered 2xx."""
        async with asyncio.timeout(PATIENCE):
            while not await self._answered(sent):
                if await self.house.killed(0.05):
                    self.house = await self.stack.enter_async_context(_start(self.theatre, self.url, self.port))

    async def until_told(self, books: Pipeline) -> None:
        """Return once all that was heard has come to the impact, starting the house again where it dies meanwhile."""
        told = asyncio.create_task(settled(books))
        async with asyncio.timeout(PATIENCE):
            while not told.done():
                await asyncio.wait([told], timeout=0.05)
                if await self.house.killed(0):
                    self.house = await self.stack.enter_async_context(_start(self.theatre, self.url, self.port))
        await told

    async def _answered(self, sent: Sent) -> bool:
        address = f"http://127.0.0.1:{self.port}/hooks/{sent.source.platform}/{sent.source.id}"
        headers = sent.signed(datetime.now(UTC))  # noqa: TID251  a signature is of now
        try:
            return (await self.client.post(address, content=sent.body, headers=headers)).is_success
        except httpx.TransportError:
            return False


def _start(theatre: Theatre, url: str, port: int, crash_at: str = "", counts: str = "") -> Child:
    order = member.Order(url, ("ingest", *HOUSE), crash_at, count=counts, ports={"ingest": port})
    return theatre.nursery.start(member.main, order)


@pytest.fixture(scope="module")
def sources(theatre: Theatre) -> Theatre:
    """Return a theatre whose house knows the two sources, and in which nothing was said yet."""

    async def add(url: str) -> None:
        database = await Database.open(settings_for(url), schema="ingest", application="test")
        known = {sent.source.id: sent.source for sent in SCRIPT}
        for source in known.values():
            new = NewSource(source.id, source.platform, source.workspace, SECRET, source.policy)
            await Sources(database, Vault.of(member.KEY)).add(new, datetime(2026, 3, 2, tzinfo=UTC))
        await database.close()

    return another(theatre, TEMPLATE, Play((), (), {}, Counter(), {}), add)


async def told(theatre: Theatre, crash_at: str = "", counts: str = "") -> tuple[Digests, list[str]]:
    """Let the platforms tell everything; return what the tables then hold, and the ids of the record."""
    async with theatre.database(TEMPLATE) as url, AsyncExitStack() as stack:
        platforms = await Platforms.begin(theatre, url, stack, crash_at, counts)
        for sent in SCRIPT:
            await platforms.deliver(sent)
        async with open_books(settings_for(url), member.stream_settings()) as books:
            await platforms.until_told(books)
            found = await digests(books)
            ids = [row[0] for row in found.statements]
        if counts:
            await platforms.house.stop()
        return found, ids


async def expected() -> set[str]:
    """Return the ids of what a single delivery of each says, heard without any process or database."""
    ear = Ear()
    await ear.hear(*SCRIPT)
    return {statement for statement, _ in ear.told()}


def verdict_of(found: Digests, ids: Iterable[str], undisturbed: Digests, wanted: set[str]) -> Verdict:
    there = Counter(ids)
    differ = undisturbed.differing(found)
    return Verdict(len(wanted - there.keys()), (there - Counter(wanted)).total(), int("impact" in differ), differ, ())


async def test_ingest_killed_at_any_step_loses_doubles_and_falsifies_nothing(
    sources: Theatre, tmp_path: Path, show: Show
) -> None:
    counts = tmp_path / "counts.json"
    wanted = await expected()
    undisturbed, ids = await told(sources, counts=str(counts))
    assert set(ids) == wanted
    passed = Counter(member.read_counts(counts))

    turnstile = asyncio.Semaphore(AT_ONCE)

    async def one(step: str, passage: int) -> Outcome:
        async with turnstile:
            found, ids = await told(sources, f"{step}:{passage}")
        return Outcome("ingest", step, passage, passed[step], verdict_of(found, ids, undisturbed, wanted))

    outcomes = await asyncio.gather(*(one(step.value, each) for step in IntakeStep for each in passages(passed[step.value])))

    show(table(outcomes))
    assert undisturbed.records.interactions
    assert undisturbed.impact.facts
    assert {each.step for each in outcomes} == {step.value for step in IntakeStep}
    assert [each for each in outcomes if not each.verdict.clean] == []

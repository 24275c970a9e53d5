"""What becomes of a former state that is restored: it is migrated, and the services of today run over it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg
import httpx

from services.enrichment import forgetting
from services.gateway.definitions.store import forget as forget_definitions
from services.gateway.recorder.replay import replay
from services.pipeline import Pipeline
from services.scoring import rules
from services.targets import TARGETS
from shared.clock import utc_now
from shared.postgres import Query, migrate
from shared.stream.settings import LogKind, StreamSettings
from tests.support.crash import Digests, digests, open_books, settled
from tests.support.dump import tables_holding
from tests.support.former import life
from tests.support.former.restoring import restore
from tests.support.former.stored import facts_of, told_of
from tests.support.house import House, open_house
from tests.support.postgres import settings_for
from tests.support.schema import Schema, schema_of
from tests.support.scripted import ScriptedLrs, scripted_lrs

IMPACT: Final = """
SELECT reference.value, told.*
FROM records.learner_reference AS reference, impact.learner_impact(reference.learner, $1::text::timestamptz) AS told
WHERE reference.kind = 'external_id'
"""
DUE: Final = Query("SELECT count(*) FROM pending WHERE due < now()")
PENDING: Final = Query("SELECT statement::text FROM pending")
RECORDED: Final = Query("SELECT count(*) FROM statement")
ELSEWHERE: Final = Query("UPDATE forwarding_target SET endpoint = $1, retry_at = NULL")
LETTERS: Final = Query("SELECT reason FROM dead_letter WHERE state IN ('waiting', 'quarantined')")


@dataclass
class Afterlife:
    """What was seen of the state of *day* since it was restored; *then* is what was seen in its own time."""

    day: str
    then: dict[str, Any]
    applied: list[str]
    applied_again: list[str]
    schema: Schema
    impact: dict[str, dict[str, Any]]
    pending: list[str] = field(default_factory=list)
    hindered: bool = False
    now: dict[str, Any] = field(default_factory=dict)
    digests: list[Digests] = field(default_factory=list)
    posted_again: list[int] = field(default_factory=list)
    delivered_again: list[int] = field(default_factory=list)
    forwarded: list[str] = field(default_factory=list)
    traces: dict[str, set[str]] = field(default_factory=dict)
    letters: list[str] = field(default_factory=list)


async def lived_on(day: str, url: str) -> Afterlife:
    """Restore the state of *day* into the empty database at *url*, upgrade it, and let the services of today run over it."""
    await restore(day, url)
    seen = Afterlife(
        day=day,
        then=told_of(day),
        applied=await migrate(url, TARGETS),
        applied_again=await migrate(url, TARGETS),
        schema=await schema_of(url),
        impact=await impact_at(url),
    )
    async with scripted_lrs() as other, open_books(settings_for(url), StreamSettings(kind=LogKind.POSTGRES)) as books:
        await books.databases["lrs"].execute(ELSEWHERE, other.url)
        seen.pending = [row["statement"] for row in await books.databases["ingest"].fetch(PENDING)]
        seen.hindered = await rules.hindrance(books.databases["impact"]) is not None
        async with open_house(url, before=former_house(seen, url)) as house, asyncio.timeout(120):
            await look(seen, house, books, other)
        for database in books.databases.values():
            seen.letters += [row["reason"] for row in await database.fetch(LETTERS)]
    seen.traces = await tables_holding(settings_for(url), life.ERASED)
    return seen


async def look(seen: Afterlife, house: House, books: Pipeline, other: ScriptedLrs) -> None:
    """See what waited told, the projections made again, what comes again taken, what is served, and what is forwarded."""
    if seen.hindered:
        await rebuilt(books)
    await told(books)
    seen.digests = [await digests(books), await rebuilt(books)]
    await again(house, seen)
    await told(books)
    seen.now = await facts_of(str(house.gateway.base_url), seen.then["keys"])
    left = await books.databases["lrs"].fetchval(RECORDED) - len(seen.then["forwarded"])
    while len(other.statements) < left:  # noqa: ASYNC110  another process's work
        await asyncio.sleep(0.05)
    seen.forwarded = [each for post in other.posts for each in post]


async def impact_at(url: str) -> dict[str, dict[str, Any]]:
    """Return the impact of each person of HR's, as the tables have it."""
    connection = await asyncpg.connect(url)
    try:
        return {row["value"]: dict(row) for row in await connection.fetch(IMPACT, life.AS_OF)}
    finally:
        await connection.close()


def former_house(seen: Afterlife, url: str) -> House:
    """Return a house that has the keys of then."""
    nobody = httpx.AsyncClient()
    return House(settings_for(url), nobody, nobody, seen.then["keys"]["lms"], seen.then["keys"]["hr"])


async def rebuilt(books: Pipeline) -> Digests:
    """Do what `symposia replay --rebuild` does, and return what is known then."""
    await rules.forget(books.databases["impact"])
    await forgetting.forget(books.databases["records"])
    await forget_definitions(books.databases["lrs"])
    await replay(books.databases["lrs"], books.log)
    await settled(books)
    return await digests(books)


async def told(books: Pipeline) -> None:
    """Return once nothing waits any more but what has to be asked for, or is not yet due."""
    await settled(books)
    while await books.databases["ingest"].fetchval(DUE):  # noqa: ASYNC110  another process's work
        await asyncio.sleep(0.1)
    await settled(books)


async def again(house: House, seen: Afterlife) -> None:
    """Post and deliver once more what was taken then."""
    seen.posted_again = [(await house.post(statement)).status_code for statement in life.BATCH[:3]]
    for sent in life.chat()[:2]:
        answer = await house.ingest.post(f"/hooks/slack/{sent.source.id}", content=sent.body, headers=sent.signed(utc_now()))
        seen.delivered_again.append(answer.status_code)

"""Whatever happened in whatever order: what the doors tell of everybody is what the documentation says, and credits sum to it."""

from __future__ import annotations

import math
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any, Final

import httpx
import msgspec
from prometheus_client import CollectorRegistry
from starlette.requests import Request

from services.enrichment.domain.people import provisional_learner
from services.enrichment.imports import Kind
from services.gateway.domain.credential import Credential, KeyId, Scope
from services.gateway.impact import routes
from shared.clock import rfc3339
from shared.contracts import OBJECTION, Objection
from shared.http import create_app
from shared.postgres import Database, Query
from shared.settings import PostgresSettings
from shared.stream import MemoryLog
from shared.xapi import ifi
from tests.integration.enrichment.conftest import House
from tests.support.community import batch
from tests.support.conversation import HOME, recorded
from tests.support.oracle import Impact, impacts
from tests.support.scoring import ScoringBench
from tests.support.worlds import BEGIN, COURSES, World, world

SEEDS: Final = range(5)
MOMENTS: Final = (BEGIN + timedelta(weeks=20), datetime(1970, 1, 1, tzinfo=UTC))
FORGET: Final = Query("TRUNCATE learner, alias, enrolment, course, relink CASCADE")
NEWER: Final = Query("UPDATE catalogue_version SET version = version + 1")
MOST_PAGES: Final = 50
MILLIONTHS: Final = 1e-5
"""What rounding each fact to millionths may come to, behind a root."""


async def authorise(_request: Request, scope: Scope) -> Credential:
    return Credential(KeyId("reader"), "reader", frozenset({scope}), b"{}", "", ())


@asynccontextmanager
async def doors(settings: PostgresSettings) -> AsyncIterator[httpx.AsyncClient]:
    database = await Database.open(settings, schema="lrs", application="test")
    router = routes(database, MemoryLog(), lambda: MOMENTS[0], authorise)
    app = create_app(service="gateway", registry=CollectorRegistry(), ready=database.ready, routers=[router])
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test/v1", headers={"X-Purpose": "research"}) as client:
        yield client
    await database.close()


def files(world_: World) -> dict[Kind, str]:
    """Write the people, courses and enrolments of a world as HR would."""
    people = "".join(f"{known},{name}@{HOME}\n" for name, known in world_.owners.items())
    courses = "".join(f"{one.iri},T,{one.alias},{one.url},{one.channel}@{HOME}\n" for one in COURSES)
    ids = {world_.learner(name): known for name, known in world_.owners.items()}
    enrolments = "".join(f"{ids[who]},{course},{since or ''}\n" for (who, course), since in world_.enrolled.items())
    return {
        Kind.PEOPLE: f"external_id,accounts\n{people}",
        Kind.COURSES: f"iri,title,aliases,urls,channels\n{courses}",
        Kind.ENROLMENTS: f"external_id,course,from\n{enrolments}",
    }


class Life:
    """A world as it comes to be: statements and files in an order of chance, heard by enrichment and by scoring."""

    def __init__(self, house: House, bench: ScoringBench, world_: World, seed: int) -> None:
        self.house, self.bench, self.world = house, bench, world_
        self.chance = random.Random(seed)  # noqa: S311  seeded, no secret
        self._passed_on = 0

    async def live(self) -> frozenset[str]:
        """Let all of it happen; return who objects in the end."""
        chance, told = self.chance, files(self.world)
        objector = chance.choice(self.world.said).actor
        records = self._records()
        first, *others = sorted(chance.sample(range(1, len(records)), 3))
        imports = [Kind.COURSES, *chance.sample([Kind.PEOPLE, Kind.ENROLMENTS], 2)]
        for kind, (begin, end) in zip(imports, pairwise([0, first, *others]), strict=True):
            await self._hear(records[begin:end])
            if kind is Kind.PEOPLE:
                await self._object(objector)
            assert not (await self.house.importer.take(kind, told[kind].encode())).faults
        await self._hear(records[others[-1] :])
        await self.house.relink()
        await self._pass_on()
        return frozenset({self.world.learner(objector)})

    def _records(self) -> list[Any]:
        live = [recorded(said.statement(), seq) for seq, said in enumerate(self.world.said, 1)]
        gone = [
            msgspec.structs.replace(each, voided=each.id in self.world.voided, redacted_at=BEGIN.isoformat())
            if each.id in self.world.redacted
            else msgspec.structs.replace(each, voided=True)
            for each in live
            if each.id in self.world.voided | self.world.redacted
        ]
        records = [*live, *gone]
        self.chance.shuffle(records)
        return records

    async def _hear(self, records: Sequence[Any]) -> None:
        for begin in range(0, len(records), 7):
            await self.house.hear(*records[begin : begin + 7])
            await self._pass_on()

    async def _pass_on(self) -> None:
        """Let scoring hear what is new, out of order and with some of it twice."""
        news = self.house.said[self._passed_on :] + self.chance.choices(self.house.said, k=3)
        self._passed_on = len(self.house.said)
        await self.bench.apply(batch(self.chance.sample(news, len(news))))

    async def _object(self, account: str) -> None:
        who = provisional_learner(ifi.of_account(HOME, account))
        await self.bench.apply(batch([Objection(str(who), objects=True, at=rfc3339(BEGIN))], OBJECTION))


async def read(client: httpx.AsyncClient, as_of: datetime) -> dict[str, dict[str, Any]]:
    """Read everybody's impact from the feed, a few at a time; nobody comes twice."""
    told: list[dict[str, Any]] = []
    page, asked = 0, {"limit": "2", "as_of": rfc3339(as_of)}
    while True:
        answer = (await client.get("/impact", params=asked)).json()
        told += answer["changes"]
        asked["changed_since"], page = answer["next_cursor"], page + 1
        if not answer["changes"]:
            break
        assert page < MOST_PAGES
    assert len({each["learner"] for each in told}) == len(told)
    return {each["learner"]: each for each in told if not each["deleted"]}


async def check(client: httpx.AsyncClient, expected: dict[str, Impact], as_of: datetime) -> None:
    told = await read(client, as_of)
    close = partial(math.isclose, rel_tol=MILLIONTHS, abs_tol=MILLIONTHS)
    assert expected.keys() <= told.keys()
    for who, found in told.items():
        should = expected.get(who, Impact(0, 0, None))
        assert close(found["reception"], should.reception), who
        assert close(found["contribution"], should.contribution), who
        assert (found["grounding"] is None, close(found["grounding"] or 0, should.grounding or 0)) == (
            should.grounding is None,
            True,
        )
        path = f"/learners/{who}/explanation"
        explained = (await client.get(path, params={"as_of": rfc3339(as_of), "limit": "10000"})).json()
        assert explained["impact"] == found["impact"]
        assert math.isclose(sum(each["credit"] for each in explained["explanation"]), found["impact"], abs_tol=1e-9)


async def test_the_doors_tell_what_the_documentation_says_of_any_history(postgres_settings: PostgresSettings) -> None:
    records = await Database.open(postgres_settings, schema="records", application="test")
    async with ScoringBench.open(postgres_settings) as bench, doors(postgres_settings) as client:
        for seed in SEEDS:
            house = House(records)
            await house.forget()
            await records.execute(FORGET)
            await records.execute(NEWER)
            await bench.clear()

            objecting = await Life(house, bench, world(seed), seed).live()

            for as_of in MOMENTS:
                await check(client, impacts(world(seed).messages(), as_of, objecting), as_of)
    await records.close()

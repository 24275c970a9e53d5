"""A job of relinking keeps its place: after a crash it goes on there, and of several processes none does what another did."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import pytest

from services.enrichment import jobs, relink
from services.enrichment.imports import Kind
from services.enrichment.linking import Linking
from services.enrichment.relink import Relinker
from services.enrichment.store import Store
from shared.contracts import ENRICHED
from shared.errors import Unavailable
from shared.postgres import Query, Transaction
from shared.stream import Outgoing, PostgresLedger
from shared.stream.publisher import Publisher
from shared.xapi import ifi
from shared.xapi.vocabulary import Verb
from tests.integration.enrichment.conftest import House
from tests.support.conversation import COURSE, HOME, message, recorded, statement

PARTS: Final = 4
COURSES = f"iri,title\n{COURSE},Python\n".encode()
SAID = [
    statement(f"q{at}", f"p{at}", Verb.ASKED, f"m{at}", text=f"See {COURSE}/lesson/{at}", second=at) for at in range(2 * PARTS)
]
LIKES = [statement(f"l{at}", f"p{at}", Verb.LIKED, "liked", second=at) for at in range(2 * PARTS)]
ALL = [UUID(one["id"]) for one in SAID]
BY_PEOPLE = Query("INSERT INTO relink (identities) VALUES ($1)")
BY_STATEMENTS = Query("INSERT INTO relink (statements) VALUES ($1)")
BY_ARTEFACTS = Query("INSERT INTO relink (artefacts) VALUES ($1)")
EVERYTHING = Query("INSERT INTO relink DEFAULT VALUES")
JOBS = Query("SELECT count(*) FROM relink")
KILL = Query("SELECT pg_terminate_backend(pg_backend_pid())")


class Watched(Linking):
    """Linking that keeps what it was asked for; its session is killed over the part *fatal*."""

    def __init__(self, store: Store, fatal: int | None = None) -> None:
        super().__init__(store)
        self.parts: list[set[UUID]] = []
        self._fatal = fatal

    async def relink(self, transaction: Transaction, statements: set[UUID]) -> list[Outgoing]:
        if len(self.parts) == self._fatal:
            await transaction.execute(KILL)
        said = await super().relink(transaction, statements)
        self.parts.append(statements)
        return said


@pytest.fixture(autouse=True)
async def small_parts(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "CHUNK", 2)
    monkeypatch.setattr(jobs, "PEOPLE", 2)
    monkeypatch.setattr(relink, "CHUNK", 2)
    await house.log.ensure([ENRICHED])
    await house.hear(*(recorded(one, seq) for seq, one in enumerate(SAID, 1)))


def relinker(house: House, linking: Linking) -> Relinker:
    return Relinker(
        house.database, house.store, linking, Publisher(owner="relink", log=house.log, ledger=PostgresLedger(house.database))
    )


async def killed_over(house: House, part: int) -> list[set[UUID]]:
    """Let a process go on with what is due until it is killed over a part; return the parts before."""
    killed = Watched(house.store, part)
    with pytest.raises(Unavailable):
        await relinker(house, killed).turn()
    return killed.parts


async def gone_on_with(house: House) -> list[set[UUID]]:
    """Let a process do what is due, and return what that was."""
    next_one = Watched(house.store)
    await relinker(house, next_one).turn()
    return next_one.parts


@pytest.mark.parametrize(
    ("leave", "what"),
    [
        (EVERYTHING, None),
        (BY_STATEMENTS, ALL),
        (BY_PEOPLE, [ifi.of_account(HOME, f"p{at}") for at in range(2 * PARTS)]),
        (BY_ARTEFACTS, [message(f"m{at}") for at in range(2 * PARTS)]),
    ],
    ids=["everything", "statements", "people", "artefacts"],
)
async def test_who_comes_after_a_crash_goes_on_where_it_was(house: House, leave: Query, what: Sequence[object] | None) -> None:
    await house.database.execute(leave, *([what] if what else []))

    before = await killed_over(house, 2)
    after = await gone_on_with(house)

    assert len(before) == 2
    assert set().union(*before).isdisjoint(set().union(*after))
    assert set().union(*before, *after) == set(ALL)
    assert await house.database.fetchval(JOBS) == 0


async def test_it_goes_on_amid_what_builds_on_one_artefact(house: House) -> None:
    await house.hear(*(recorded(one, seq) for seq, one in enumerate(LIKES, 100)))
    await house.database.execute(BY_ARTEFACTS, [message("liked")])

    before = await killed_over(house, 2)
    after = await gone_on_with(house)

    assert [len(part) for part in (*before, *after) if part] == [2] * PARTS
    assert set().union(*before, *after) == {UUID(one["id"]) for one in LIKES}


async def test_of_two_processes_neither_does_what_the_other_did(house: House) -> None:
    await house.database.execute(EVERYTHING)
    both = Watched(house.store), Watched(house.store)

    await asyncio.gather(*(relinker(house, each).turn() for each in both))

    parts = [part for each in both for part in each.parts]
    assert sum(map(len, parts)) == len(ALL)
    assert set().union(*parts) == set(ALL)
    assert await house.database.fetchval(JOBS) == 0


async def test_a_newer_change_has_everything_gone_over_from_the_first_on_and_once(house: House) -> None:
    await house.importer.take(Kind.COURSES, COURSES)
    before = await killed_over(house, 2)

    await house.importer.take(Kind.COURSES, COURSES.replace(b"Python", b"Snakes"))
    left = await house.database.fetchval(JOBS)
    after = await gone_on_with(house)

    assert (len(before), left) == (2, 1)
    assert sum(map(len, after)) == len(ALL)
    assert set().union(*after) == set(ALL)


async def test_what_many_people_said_is_left_as_statements_and_the_whole_record_comes_last(house: House) -> None:
    await house.hear(*(recorded(statement(f"more {at}", "p0", Verb.ASKED, f"n{at}", second=at), 50 + at) for at in range(4)))
    await house.database.execute(EVERYTHING)
    await house.database.execute(BY_PEOPLE, [ifi.of_account(HOME, "p0")])

    parts = await gone_on_with(house)

    assert ALL[0] in set().union(*parts[:3])
    assert [len(part) for part in parts if part] == [2, 2, 1, *[2] * 6]


async def test_whoever_is_taken_out_of_a_job_hides_nobody_else(house: House) -> None:
    people = [ifi.of_account(HOME, f"p{at}") for at in range(2 * PARTS)]
    await house.database.execute(BY_PEOPLE, people)
    before = await killed_over(house, 1)

    await house.database.execute(jobs._QUERIES["forget_jobs"], people[:1])  # what an erasure does
    after = await gone_on_with(house)

    assert len(before) == 1
    assert set().union(*after) == set(ALL[1:])

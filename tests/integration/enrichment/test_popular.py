"""What much builds on: when it becomes known late, or otherwise, no transaction looks at all of it."""

from __future__ import annotations

import pytest

from services.enrichment import store
from services.enrichment.domain.people import provisional_learner
from services.enrichment.erasing import Erasing
from services.enrichment.imports import Kind
from shared.contracts import ENRICHED
from shared.postgres import Query
from shared.xapi import ifi
from shared.xapi.vocabulary import Verb
from tests.integration.enrichment.conftest import House
from tests.support.conversation import COURSE, HOME, recorded, statement

MOST = 5
ROOT = statement("root", "ada", Verb.ASKED, "m", text=f"Who has done {COURSE}/lesson/3?", second=1)
REPLIES = [statement(f"r{at}", f"p{at}", Verb.ANSWERED, f"a{at}", parent="m", second=10 + at) for at in range(10)]
LIKES = [statement(f"l{at}", "cy", Verb.LIKED, f"a{at}", second=30 + at) for at in range(10)]
SAID = [ROOT, *REPLIES, *LIKES]
JOBS = Query("SELECT count(*) FROM relink")


@pytest.fixture(autouse=True)
async def course(house: House) -> None:
    assert not (await house.importer.take(Kind.COURSES, f"iri,title\n{COURSE},Python\n".encode())).faults


@pytest.fixture
def most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOST_AT_ONCE", MOST)


async def told_until_done(house: House) -> None:
    """Do what batches and jobs left, until nothing is left."""
    await house.relink()
    while await house.database.fetchval(JOBS):
        await house.relink()


def said_of(house: House) -> dict[str, tuple[object, object, object]]:
    return {name: (one.author, one.links, one.status) for name, one in house.known().items()}


@pytest.mark.usefixtures("most")
async def test_a_late_root_of_a_long_thread_is_told_in_one_batch_and_what_builds_on_it_in_others(house: House) -> None:
    late = [*LIKES, *REPLIES]
    await house.hear(*(recorded(one, seq) for seq, one in enumerate(late, 2)))
    await told_until_done(house)

    decision = await house.decide(recorded(ROOT, 1))

    assert len(decision.outgoing) == 1
    assert await house.database.fetchval(JOBS) == 1
    await told_until_done(house)
    known = house.known()
    assert all(known[one["id"]].links for one in late)


async def test_whether_it_is_too_much_or_not_the_end_is_the_same(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    endings = []
    for most in (1000, MOST, 0):
        monkeypatch.setattr(store, "MOST_AT_ONCE", most)
        await house.forget()
        await house.hear(*(recorded(one, seq) for seq, one in enumerate(reversed(SAID), 1)))
        await told_until_done(house)
        endings.append(said_of(house))

    assert endings[0] == endings[1] == endings[2]
    assert all(links for _, links, _ in endings[0].values())
    assert len(endings[0]) == len(SAID)


@pytest.mark.usefixtures("most")
async def test_nobody_is_forgotten_before_everything_that_names_them_is_told_anew(house: House) -> None:
    await house.hear(*(recorded(one, seq) for seq, one in enumerate(SAID, 1)))
    await house.log.ensure([ENRICHED])
    ada = str(provisional_learner(ifi.of_account(HOME, "ada")))

    await Erasing(house.database, house.log).erase([ifi.of_account(HOME, "ada")], 100, lambda _: False)

    assert await house.database.fetchval(JOBS) == 0
    await house.relink()
    assert {one.author for one in house.known().values()}.isdisjoint({ada})

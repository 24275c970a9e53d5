"""GET statements: filters, order, pages, references (1.0.3 Communication §2.1.3)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import orjson
import pytest

from services.gateway.domain.mentions import MOST_REFERRED
from services.gateway.domain.query import Filters
from services.gateway.recorder.store import PAGE_BYTES
from services.gateway.statements import store
from services.gateway.statements.store import COMMON, Page
from shared.postgres import Query
from shared.xapi import ifi
from tests.support.lrs import Lrs
from tests.support.received import AUTHORITY, activity, id_of, reference, request, statement, voiding

COURSE = "https://lms.example/course/1"
POST = "https://acme.slack.com/archives/C1/p1"
ASKED = "https://w3id.org/xapi/social/verbs/asked"
ATTEMPT = "0192f3a8-0000-4000-8000-000000000001"
ANN = {"objectType": "Agent", "mbox": "mailto:ann@Example.org"}
BOB = {"objectType": "Agent", "mbox": "mailto:bob@example.org"}
TEAM = {"objectType": "Group", "name": "team", "member": [ANN]}
ANN_IFI = ifi.canonical(ANN)


def numbers(bodies: Iterable[bytes]) -> list[int]:
    """Return which statements *bodies* are."""
    known = {id_of(number): number for number in range(1, 100)}
    return [known[orjson.loads(body)["id"]] for body in bodies]


async def found(lrs: Lrs, **filters: Any) -> list[int]:
    """Return which statements match *filters*, oldest first."""
    return numbers((await lrs.store.page(Filters(**filters, ascending=True), 50)).bodies)


@pytest.fixture
async def told(lrs: Lrs) -> Lrs:
    """Return a record of seven statements."""
    context = {"registration": ATTEMPT.upper(), "contextActivities": {"grouping": [{"id": COURSE}]}, "instructor": ANN}
    await lrs.take(
        request(
            statement(1, actor=ANN, verb={"id": ASKED}, object=activity(POST)),
            statement(2, actor=BOB, object=activity(POST), context=context),
            statement(3, actor=TEAM, object=activity(COURSE)),
            statement(4, actor=BOB, object=ANN),
            statement(
                5,
                actor=BOB,
                object={"objectType": "SubStatement", "actor": ANN, "verb": {"id": ASKED}, "object": activity(COURSE)},
            ),
            statement(6, actor=BOB, object=reference(1)),
            statement(7, actor=BOB, object=activity(POST + "7")),
        )
    )
    return lrs


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, [1, 2, 3, 4, 5, 6, 7]),
        ({"agent": ANN_IFI}, [1, 3, 4, 6]),
        ({"agent": ANN_IFI, "related_agents": True}, [1, 2, 3, 4, 5, 6]),
        ({"agent": AUTHORITY}, []),
        ({"agent": AUTHORITY, "related_agents": True}, [1, 2, 3, 4, 5, 6, 7]),
        ({"activity": POST}, [1, 2, 6]),
        ({"activity": COURSE}, [3]),
        ({"activity": COURSE, "related_activities": True}, [2, 3, 5]),
        ({"verb": ASKED}, [1, 6]),
        ({"registration": ATTEMPT}, [2]),
        ({"registration": ATTEMPT, "agent": ANN_IFI}, []),
        ({"registration": ATTEMPT, "agent": ANN_IFI, "related_agents": True}, [2]),
        ({"agent": ANN_IFI, "activity": POST, "verb": ASKED}, [1, 6]),
        ({"agent": ANN_IFI, "activity": COURSE, "related_activities": True}, [3]),
        ({"verb": "https://example.org/never"}, []),
    ],
)
@pytest.mark.parametrize("common", [COMMON, 1])
async def test_filters_find_what_the_specification_says(
    told: Lrs, filters: dict[str, Any], expected: list[int], common: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "COMMON", common)

    assert await found(told, **filters) == expected


async def test_since_is_exclusive_and_until_inclusive(told: Lrs) -> None:
    stored = [row["stored"] for row in await told.rows()]

    assert await found(told, since=stored[2], until=stored[4]) == [4, 5]
    assert await found(told, since=stored[6]) == []
    assert await found(told, until=stored[0] - timedelta(microseconds=1)) == []
    assert await found(told, since=stored[0], agent=ANN_IFI, until=stored[3]) == [3, 4]


@pytest.mark.parametrize("filters", [{}, {"agent": ANN_IFI, "related_agents": True}, {"activity": POST}])
@pytest.mark.parametrize("order", ["ascending", "descending"])
@pytest.mark.parametrize("limit", [1, 2, 3])
async def test_pages_joined_are_the_whole_and_the_last_says_so(
    told: Lrs, filters: dict[str, Any], order: str, limit: int
) -> None:
    ascending = order == "ascending"
    wanted = Filters(**filters, ascending=ascending)
    whole = await told.store.page(wanted, 50)

    pages: list[Page] = []
    after: int | None = None
    while not pages or pages[-1].more:
        pages.append(await told.store.page(wanted, limit, after))
        after = pages[-1].last

    assert [body for page in pages for body in page.bodies] == list(whole.bodies)
    assert all(len(page.bodies) == limit for page in pages[:-1])
    assert whole.bodies == tuple(sorted(whole.bodies, key=lambda body: str(orjson.loads(body)["stored"]), reverse=not ascending))


@pytest.mark.parametrize(("order", "expected"), [("ascending", [1, 3, 4, 6]), ("descending", [6, 4, 3, 1])])
async def test_what_mentions_several_common_things_is_found_stretch_by_stretch(
    told: Lrs, order: str, expected: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "COMMON", 1)
    monkeypatch.setattr(store, "FIRST_STRETCH", 1)
    monkeypatch.setattr(store, "LONGEST_STRETCH", 2)
    wanted = Filters(agent=ANN_IFI, authority=AUTHORITY, ascending=order == "ascending")

    whole, first = await told.store.page(wanted, 50), await told.store.page(wanted, 3)
    second = await told.store.page(wanted, 3, first.last)

    assert numbers(whole.bodies) == expected
    assert [(numbers(page.bodies), page.more) for page in (first, second)] == [(expected[:3], True), (expected[3:], False)]


async def test_a_page_of_nothing_says_so(told: Lrs) -> None:
    assert await told.store.page(Filters(verb="https://example.org/never"), 10) == Page((), None, more=False)


async def test_voided_statements_are_left_out_and_those_that_refer_to_them_are_not(told: Lrs) -> None:
    await told.take(request(voiding(8, target=1)))

    assert await found(told, agent=ANN_IFI) == [3, 4, 6, 8]
    assert await found(told, verb=ASKED) == [6, 8]


async def test_references_match_through_a_chain_whatever_the_order_of_arrival(lrs: Lrs) -> None:
    await lrs.take(request(statement(3, actor=BOB, object=reference(2))))
    await lrs.take(request(statement(1, actor=ANN, verb={"id": ASKED})))
    await lrs.take(request(statement(2, actor=BOB, object=reference(1))))

    assert await found(lrs, agent=ANN_IFI) == [3, 1, 2]
    assert await found(lrs, agent=ANN_IFI, verb=ASKED) == [3, 1, 2]


async def test_a_ring_of_references_ends(lrs: Lrs) -> None:
    await lrs.take(request(statement(1, actor=ANN, object=reference(2)), statement(2, actor=BOB, object=reference(1))))
    await lrs.take(request(statement(3, actor=BOB, object=reference(3))))

    assert await found(lrs, agent=ANN_IFI) == [1, 2]


async def test_a_reference_in_the_context_matches_nothing_more(told: Lrs) -> None:
    await told.take(request(statement(8, actor=BOB, context={"statement": reference(1)})))

    assert await found(told, agent=ANN_IFI) == [1, 3, 4, 6]


async def test_of_a_statement_that_names_very_much_a_reference_finds_its_object_and_so_much_of_the_rest(lrs: Lrs) -> None:
    crowd = [activity(f"https://lms.example/{number}") for number in range(3 * MOST_REFERRED)]
    named = statement(1, object=activity(COURSE), context={"contextActivities": {"other": crowd}})
    await lrs.take(request(named), request(*(statement(number, object=reference(1)) for number in range(2, 30))))

    mentioned = await lrs.database.fetch(Query("SELECT count(*) FROM statement_mention WHERE usage = 16384 GROUP BY seq"))

    assert await found(lrs, activity=COURSE) == [*range(1, 30)]
    assert len(mentioned) == 28
    assert all(MOST_REFERRED - 10 < row["count"] <= MOST_REFERRED for row in mentioned)


async def test_references_to_statements_of_many_megabytes_are_read_a_few_at_a_time(lrs: Lrs) -> None:
    for number in range(1, 4):
        await lrs.take(request(statement(number, object=activity(COURSE), result={"response": "x" * (PAGE_BYTES // 2 + 1)})))

    await lrs.take(request(*(statement(number + 3, object=reference(number)) for number in range(1, 4))))

    assert await found(lrs, activity=COURSE) == [*range(1, 7)]

"""Whatever the order and number of deliveries, and whenever the sweep looks, the same attendances stand at the end."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.domain.attendance import attended_seconds, presences_of
from services.ingest.domain.interaction import AccountName
from services.ingest.domain.reading import Reading
from tests.support.attendances import over, random_sessions, seen, session, unvoided
from tests.support.ingest import Ear
from tests.support.slack import SLACK

LATER = timedelta(hours=2)


async def attended(readings: list[Reading], sweeps: frozenset[int] = frozenset()) -> tuple[Ear, set[str]]:
    """Take *readings*, sweeping after those in *sweeps* and at the end; return which attendances stand."""
    ear = Ear()
    await ear.hear()
    for number, reading in enumerate(readings):
        await ear.take(SLACK, reading)
        if number in sweeps:
            ear.now += LATER
            await ear.sweep(SLACK)
    ear.now += LATER
    await ear.sweep(SLACK)
    return ear, unvoided(ear.statements())


@given(seed=st.integers(0, 2**32), data=st.data())
@settings(max_examples=300)
def test_the_same_attendances_stand_whatever_the_order(seed: int, data: st.DataObject) -> None:
    readings = random_sessions(Random(seed))  # noqa: S311  seeded, keeps no secret
    _, expected = asyncio.run(attended(readings))
    repeated = data.draw(st.lists(st.sampled_from(range(len(readings))), max_size=len(readings))) if readings else []
    order = [readings[index] for index in data.draw(st.permutations([*range(len(readings)), *repeated]))]

    ear, found = asyncio.run(attended(order, data.draw(st.frozensets(st.integers(0, len(order))))))

    assert found == expected
    ids = [each["id"] for each in ear.statements()]
    assert len(ids) == len(set(ids))
    assert not ear.store.pending


def test_one_attendance_stands_for_each_person_and_session() -> None:
    readings = [
        seen("ann", "1", joined=0),
        seen("ann", "1", left=10),
        over(60),
        seen("ann", "2", joined=5),
        seen("bea", "3", joined=30),
    ]

    ear, found = asyncio.run(attended(readings, frozenset({1, 2})))

    assert sorted(each.split()[0] + " " + each.split()[2] for each in found) == ["ann PT3600S", "bea PT1800S"]
    assert sorted(each["verb"]["id"].rsplit("/")[-1] for each in ear.statements()) == ["attended"] * 3 + ["voided"]


def test_who_was_seen_to_leave_only_attended_nothing() -> None:
    assert asyncio.run(attended([seen("ann", "1", left=10), over(60)]))[1] == set()


def test_what_stands_says_what_the_union_of_presences_covers() -> None:
    artefact, _ = session()
    ear, _ = asyncio.run(attended([seen("ann", "1", 0, 10), seen("ann", "2", 5, 30), seen("ann", "3", 40), over(50)]))

    stays = ear.store.attendances.stays_of((SLACK.id, artefact.native, AccountName("ann")))
    (statement,) = ear.statements()
    known = presences_of(stays, ear.store.attendances.ended[SLACK.id, artefact.native])
    assert statement["result"]["duration"] == f"PT{attended_seconds(known)}S" == "PT2400S"

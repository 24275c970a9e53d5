"""Objections at the door: passed on, withdrawn, written down, and by whom."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

from shared.contracts import OBJECTION
from tests.support.community import batch
from tests.support.impact import HELPER, READ, WRITE, Doors
from tests.support.scoring import ScoringBench


async def test_an_objection_is_passed_on_written_down_and_answered_like_an_unknown_learner(
    doors: Doors, bench: ScoringBench
) -> None:
    answer = await doors.client.put("/v1/learners/external:HR/7/objection", headers=WRITE)
    await bench.apply(batch(await doors.objections(), OBJECTION))
    objecting = await doors.get(f"/v1/learners/{HELPER}/impact")
    unknown = await doors.get(f"/v1/learners/{uuid4()}/impact")

    assert (answer.status_code, answer.json()["objects"]) == (202, True)
    assert (objecting.status_code, objecting.content) == (unknown.status_code, unknown.content)
    assert tuple((await doors.audit())[0])[:5] == ("writer", "object", None, UUID(HELPER), 1)


async def test_a_withdrawal_is_passed_on(doors: Doors) -> None:
    await doors.client.put(f"/v1/learners/{HELPER}/objection", headers=WRITE)
    doors.clock.now += timedelta(minutes=1)

    answer = await doors.client.delete(f"/v1/learners/{HELPER}/objection", headers=WRITE)

    assert answer.status_code == 202
    assert [said.objects for said in await doors.objections()] == [True, False]


async def test_objecting_needs_a_known_learner_and_a_key_that_may(doors: Doors) -> None:
    unknown = await doors.client.put(f"/v1/learners/{uuid4()}/objection", headers=WRITE)
    forbidden = await doors.client.put(f"/v1/learners/{HELPER}/objection", headers=READ)

    assert (unknown.status_code, forbidden.status_code) == (404, 403)
    assert not await doors.objections()


async def test_while_the_log_is_down_an_objection_is_not_taken(doors: Doors) -> None:
    doors.log.faults.outage = True

    answer = await doors.client.put(f"/v1/learners/{HELPER}/objection", headers=WRITE)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")

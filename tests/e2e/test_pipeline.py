"""The main job, end to end: a question on Slack and an accepted answer, and moments later HR reads what it was worth."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.enrichment.imports import Kind
from tests.support.house import SLACK, House, open_house

COURSE = "https://lms.acme.example/course/python"
CHAT = {"type": "message", "channel": "C1", "channel_type": "channel"}
PEOPLE = "external_id,name,email,accounts\n" + "".join(
    f"HR-{number},{name},{name}@acme.example,U{number}@{SLACK[1]}\n" for number, name in enumerate(("ada", "bob", "cy"), 1)
)


@pytest.fixture(params=["postgres", "kafka"])
async def house(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[House]:
    kafka = request.getfixturevalue("kafka_bootstrap") if request.param == "kafka" else None
    async with open_house(database_url, kafka=kafka) as house:
        await house.take(Kind.PEOPLE, PEOPLE.encode())
        await house.take(Kind.COURSES, f"iri,title\n{COURSE},Python\n".encode())
        await house.take(Kind.ENROLMENTS, f"external_id,course\nHR-1,{COURSE}\nHR-2,{COURSE}\n".encode())
        yield house


def moment(second: int) -> str:
    return f"{int(time.time()) - 100 + second}.000100"  # noqa: TID251  events are of now


async def test_a_question_answered_and_accepted_on_slack_is_worth_something_to_hr(house: House) -> None:
    ask, answer = moment(1), moment(2)
    events: list[dict[str, Any]] = [
        {**CHAT, "user": "U1", "ts": ask, "text": f"How do I do <{COURSE}/3>?"},
        {**CHAT, "user": "U2", "ts": answer, "thread_ts": ask, "text": "So."},
        {
            "type": "reaction_added", "user": "U1", "reaction": "white_check_mark", "item_user": "U2",
            "item": {"type": "message", "channel": "C1", "ts": answer}, "event_ts": moment(3),
        },
    ]  # fmt: skip

    for number, event in enumerate(events):
        delivered = await house.slack(event, event_id=f"Ev{number}")
        assert delivered.status_code == 200, delivered.text

    impact = await house.until(lambda found: found["reception"] > 0 and found["contribution"] > 0, "external:HR-2")
    assert impact["reception"] == pytest.approx((3 * 0.9702 * 0.99) ** 0.5, rel=0.02)
    assert impact["impact"] == pytest.approx(impact["reception"] + impact["contribution"])
    assert impact["provisional"] is True
    explained = await house.gateway.get(
        "/v1/learners/external:HR-2/explanation", params={"purpose": "development"}, auth=house.hr
    )
    assert sum(row["credit"] for row in explained.json()["explanation"]) == pytest.approx(impact["impact"], abs=1e-9)

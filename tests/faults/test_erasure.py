"""Erase somebody from a whole house, then tell everything again: nothing but the log remembers them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID, uuid5

import pytest

from services.commands.person import empty_late, erase_person
from services.enrichment.imports import Kind
from services.gateway.persons.naming import find
from services.gateway.recorder.replay import replay
from services.pipeline import Pipeline
from shared.contracts import ENRICHED, HEARD, RECEIVED, RECORDED, Topic
from shared.stream import Outgoing
from shared.stream.settings import LogKind, StreamSettings
from shared.xapi.erased import ERASED
from tests.support.crash import open_books, read_topic, settled
from tests.support.dump import tables_holding
from tests.support.house import KEY, SLACK, House, open_house

COURSE = "https://lms.acme.example/course/python"
MARK = "zanzibar-marmalade"
TRACES = (MARK, "ada@acme.example", "ada.lovelace", "HR-1", "Ada Lovelace", "UADA1")
PEOPLE = (
    "external_id,name,email,accounts\n"
    f"HR-1,Ada Lovelace,ada@acme.example,UADA1@{SLACK[1]}|ada.lovelace@https://lms.acme.example\n"
    f"HR-2,Bob,bob@acme.example,UBOB2@{SLACK[1]}\nHR-3,Cy,cy@acme.example,UCYY3@{SLACK[1]}\n"
)
CHAT = {"type": "message", "channel": "C1", "channel_type": "channel"}
ADA = {"objectType": "Agent", "name": "Ada Lovelace", "mbox": "mailto:ada@acme.example"}
ADA_AT_WORK = {"objectType": "Agent", "account": {"homePage": "https://lms.acme.example", "name": "ada.lovelace"}}
BOB = {"objectType": "Agent", "name": "Bob", "mbox": "mailto:bob@acme.example"}
QUESTION = "https://forum.acme.example/t/1"


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    async with open_house(database_url) as house:
        await house.take(Kind.PEOPLE, PEOPLE.encode())
        await house.take(Kind.COURSES, f"iri,title\n{COURSE},Python\n".encode())
        enrolled = "".join(f"HR-{number},{COURSE}\n" for number in (1, 2, 3))
        await house.take(Kind.ENROLMENTS, f"external_id,course\n{enrolled}".encode())
        yield house


@pytest.fixture
async def books(house: House) -> AsyncIterator[Pipeline]:
    async with open_books(house.postgres, StreamSettings(kind=LogKind.POSTGRES)) as books:
        yield books


def act(name: str, actor: dict[str, Any], verb: str, artefact: str, **more: Any) -> dict[str, Any]:
    return {
        "id": str(uuid5(UUID(int=7), name)),
        "actor": actor,
        "verb": {"id": verb},
        "object": {
            "id": artefact,
            "definition": {"type": "http://id.tincanapi.com/activitytype/forum-topic", "name": {"en": MARK}},
        },
        "timestamp": "2026-03-02T09:00:00Z",
        **more,
    }


ASKED, REPLIED, LIKED = (
    "http://adlnet.gov/expapi/verbs/asked",
    "http://id.tincanapi.com/verb/replied",
    "http://activitystrea.ms/like",
)
GROUPED = {"contextActivities": {"grouping": [{"id": COURSE}]}}
STATEMENTS = [
    act("ask", ADA, ASKED, QUESTION, result={"response": MARK}, context=GROUPED),
    act("reply", BOB, LIKED, QUESTION, context={**GROUPED, "instructor": ADA_AT_WORK}),
    act("like", ADA_AT_WORK, LIKED, "https://forum.acme.example/t/2", context=GROUPED),
]


async def talk(house: House) -> None:
    """Let Ada, Bob and Cy talk on Slack and in the LMS."""
    events: Sequence[dict[str, Any]] = (
        {**CHAT, "user": "UADA1", "ts": "1772442000.000100", "text": f"{MARK}? <{COURSE}/3>"},
        {**CHAT, "user": "UBOB2", "ts": "1772442001.000100", "thread_ts": "1772442000.000100", "text": "So."},
        {
            "type": "reaction_added", "user": "UADA1", "reaction": "white_check_mark", "item_user": "UBOB2",
            "item": {"type": "message", "channel": "C1", "ts": "1772442001.000100"}, "event_ts": "1772442002.000100",
        },
        {
            "type": "reaction_added", "user": "UCYY3", "reaction": "+1", "item_user": "UADA1",
            "item": {"type": "message", "channel": "C1", "ts": "1772442000.000100"}, "event_ts": "1772442003.000100",
        },
        {
            "type": "reaction_added", "user": "UCYY3", "reaction": "+1", "item_user": "UADA1",
            "item": {"type": "message", "channel": "C1", "ts": "1772441000.000100"}, "event_ts": "1772442003.000100",
        },
    )  # fmt: skip
    for number, event in enumerate(events):
        assert (await house.slack(event, event_id=f"Ev{number}")).status_code == 200
    posted = await house.post(STATEMENTS)
    assert posted.status_code == 200, posted.text
    conflicting = await house.post([{**STATEMENTS[0], "timestamp": "2026-03-03T09:00:00Z"}])
    assert conflicting.status_code == 409, conflicting.text


async def erase(books: Pipeline, *names: str) -> None:
    meant = await find(books.databases["lrs"], names)
    await erase_person(books, KEY, meant, "", lambda _: None)


async def tell_again(books: Pipeline, topic: Topic) -> None:
    """Append every record that *topic* ever had once more."""
    records = await read_topic(books.log, topic)
    for record in records:
        await books.log.append([Outgoing(topic, record.value, record.key, record.headers)])


async def test_nothing_but_the_log_remembers_whoever_was_erased(house: House, books: Pipeline) -> None:
    await talk(house)
    await settled(books)
    held = await tables_holding(house.postgres, TRACES)
    assert {"lrs.statement", "records.alias", "records.learner", "lrs.dead_letter", "ingest.artefact"} <= held.keys()
    assert await house.impact("external:HR-1") is not None

    await erase(books, "external:HR-1")
    await settled(books)

    assert await tables_holding(house.postgres, TRACES) == {}
    assert await house.impact("external:HR-1") is None
    left = await house.gateway.get(
        "/xapi/statements",
        params={"statementId": STATEMENTS[0]["id"]},
        auth=house.lms,
        headers={"X-Experience-API-Version": "1.0.3"},
    )
    assert (left.status_code, left.json()["actor"]) == (200, ERASED)
    assert (await house.post(STATEMENTS)).status_code == 200, "a repeat is a repeat"
    for topic in (RECEIVED, RECORDED, ENRICHED):
        await tell_again(books, topic)
        await settled(books)
    await replay(books.databases["lrs"], books.log)
    await settled(books)
    assert await tables_holding(house.postgres, TRACES) == {}


async def test_what_came_late_and_nobody_could_use_is_emptied_once_all_have_caught_up(house: House, books: Pipeline) -> None:
    await talk(house)
    await settled(books)
    meant = await find(books.databases["lrs"], ["external:HR-1"])
    await erase(books, "external:HR-1")
    for topic in (RECORDED, ENRICHED, HEARD, RECEIVED):
        await books.log.append([Outgoing(topic, b"{unreadable: ada@acme.example", b"key")])
    await settled(books)

    held = await tables_holding(house.postgres, TRACES)
    await empty_late(books, meant.person)

    assert held.keys() == {"ingest.dead_letter", "lrs.dead_letter", "records.dead_letter", "impact.dead_letter"}
    assert await tables_holding(house.postgres, TRACES) == {}


async def test_of_others_remains_what_they_did_themselves(house: House, books: Pipeline) -> None:
    await talk(house)
    await settled(books)
    before = await house.impact("external:HR-2")
    assert before is not None
    assert before["reception"] > 0

    await erase(books, "external:HR-1")
    await settled(books)

    after = await house.impact("external:HR-2")
    assert after is not None
    assert after["reception"] == 0, "the acceptance was Ada's"
    explained = await house.gateway.get(
        "/v1/learners/external:HR-2/explanation", params={"purpose": "development"}, auth=house.hr
    )
    assert {row["peer"] for row in explained.json()["explanation"]} == {None}, "what he contributed himself"


async def test_erasing_beside_traffic_leaves_only_what_came_after(house: House, books: Pipeline) -> None:
    """Requests race with the erasure: whatever was received before it began is gone."""
    await talk(house)

    async def more() -> None:
        for number in range(20):
            answer = await house.post([act(f"more {number}", ADA, ASKED, f"{QUESTION}/{number}", result={"response": MARK})])
            assert answer.status_code == 200

    async with asyncio.TaskGroup() as group:
        group.create_task(more())
        group.create_task(erase(books, "external:HR-1"))
    await settled(books)
    await erase(books, "ada@acme.example")
    await settled(books)

    assert MARK not in str(await tables_holding(house.postgres, [MARK, "ada@acme.example"]))

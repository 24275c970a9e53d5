"""How statements are found, requirement by requirement: 1.0.3 Communication §2.1.3; 2.0.0 where it differs."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from uuid import uuid4

import pytest

from tests.support.gateway import Client, statement, without
from tests.support.resource import ANN, BOB, BOTH, COURSE, CY, VOIDED, speak, voiding


@BOTH
async def test_a_single_statement_comes_alone_and_unknown_ones_are_404(client: Client, version: str) -> None:
    sent = statement()
    await client.post(sent)

    found = await speak(client, "GET", version, statementId=sent["id"])
    missing = await speak(client, "GET", version, statementId=str(uuid4()))

    assert (found.status_code, found.json()["id"], missing.status_code) == (200, sent["id"], 404)
    assert "last-modified" in found.headers


@pytest.mark.parametrize("name", ["statementId", "voidedStatementId"])
async def test_a_single_statement_is_asked_for_with_format_and_attachments_alone(client: Client, name: str) -> None:
    beside = {
        "agent": json.dumps(ANN),
        "verb": COURSE,
        "activity": COURSE,
        "registration": str(uuid4()),
        "related_activities": "true",
        "related_agents": "true",
        "since": "2026-01-01T00:00:00Z",
        "until": "2026-01-01T00:00:00Z",
        "limit": "1",
        "ascending": "true",
    }

    refused = {other: (await client.get(**{name: str(uuid4()), other: value})).status_code for other, value in beside.items()}
    allowed = await client.get(**{name: str(uuid4()), "format": "exact", "attachments": "false"})

    assert refused == dict.fromkeys(beside, 400)
    assert allowed.status_code == 404


async def test_both_ids_at_once_are_refused(client: Client) -> None:
    assert (await client.get(statementId=str(uuid4()), voidedStatementId=str(uuid4()))).status_code == 400


@BOTH
async def test_many_come_as_a_result_that_says_where_more_are(client: Client, version: str) -> None:
    sent = [statement() for _ in range(5)]
    await client.post(sent)

    first = (await speak(client, "GET", version, limit="2")).json()
    last = (await speak(client, "GET", version, limit="5")).json()

    assert [each["id"] for each in first["statements"]] == [sent[4]["id"], sent[3]["id"]]
    assert first["more"].startswith("/lrs/xapi/statements?more=")
    assert (len(last["statements"]), last["more"]) == (5, "")


WRONG = [
    ("agent", "ann"),
    ("agent", '{"mbox":"ann"}'),
    ("agent", "{}"),
    ("verb", "replied"),
    ("activity", "course"),
    ("registration", "1"),
    ("related_agents", "yes"),
    ("related_activities", "1"),
    ("since", "yesterday"),
    ("until", "2026-13-01T00:00:00Z"),
    ("limit", "-1"),
    ("limit", "two"),
    ("format", "short"),
    ("attachments", "1"),
    ("ascending", "up"),
    ("statementId", "1"),
    ("StatementId", "fd41c918-b88b-4b20-a0a5-a4c32391aaa0"),
    ("sort", "up"),
]


async def test_parameters_that_are_wrong_are_named(client: Client) -> None:
    answers = [await client.get(**{name: value}) for name, value in WRONG]

    assert [answer.status_code for answer in answers] == [400] * len(WRONG)
    assert [answer.json()["errors"][0]["pointer"] for answer in answers] == [f"/{name}" for name, _ in WRONG]


async def test_agent_finds_actors_and_objects_and_with_related_agents_everybody(client: Client) -> None:
    group = {"objectType": "Group", "member": [BOB]}
    sent = [
        statement(actor=BOB),
        statement(object={"objectType": "Agent", **BOB}),
        statement(actor=group),
        statement(context={"instructor": BOB}),
        statement(context={"team": group}),
        statement(object={"objectType": "SubStatement", **without(statement(actor=BOB), "id")}),
        statement(actor=CY),
    ]
    await client.post(sent)
    ids = [each["id"] for each in sent]

    direct = await client.ids(agent=json.dumps(BOB), ascending="true")
    related = await client.ids(agent=json.dumps(BOB), related_agents="true", ascending="true")

    assert direct == ids[:3]
    assert related == ids[:6]


async def test_activity_finds_objects_and_with_related_activities_contexts_too(client: Client) -> None:
    context = {"contextActivities": {"parent": [{"id": COURSE}]}}
    sent = [
        statement(object={"id": COURSE}),
        statement(context=context),
        statement(object={"objectType": "SubStatement", **without(statement(object={"id": COURSE}), "id")}),
        statement(object={"objectType": "SubStatement", **without(statement(context=context), "id")}),
        statement(),
    ]
    await client.post(sent)
    ids = [each["id"] for each in sent]

    assert await client.ids(activity=COURSE) == ids[:1]
    assert await client.ids(activity=COURSE, related_activities="true", ascending="true") == ids[:4]


async def test_verb_and_registration_find_what_says_them_and_filters_are_all_met(client: Client) -> None:
    attempt = str(uuid4())
    done = {"id": "https://example.org/done"}
    sent = [
        statement(verb=done, context={"registration": attempt}),
        statement(verb=done),
        statement(context={"registration": attempt}),
    ]
    await client.post(sent)
    ids = [each["id"] for each in sent]

    assert await client.ids(verb=done["id"], ascending="true") == ids[:2]
    assert await client.ids(registration=attempt.upper(), ascending="true") == [ids[0], ids[2]]
    assert await client.ids(verb=done["id"], registration=attempt) == ids[:1]


async def test_what_voids_is_found_by_its_verb(client: Client) -> None:
    target = statement()
    voider = voiding(target["id"])
    await client.post([target, voider])

    assert await client.ids(verb=VOIDED["id"]) == [voider["id"]]


async def test_since_and_until_are_about_stored(client: Client) -> None:
    sent = [statement(timestamp=f"200{year}-01-01T00:00:00Z") for year in range(3)]
    for each in sent:
        await client.post(each)
    stored = [(await client.get(statementId=each["id"])).json()["stored"] for each in sent]

    assert await client.ids(since=stored[0], ascending="true") == [each["id"] for each in sent[1:]]
    assert await client.ids(until=stored[1], ascending="true") == [each["id"] for each in sent[:2]]
    assert await client.ids(since=stored[2]) == []


async def test_a_statement_about_a_statement_is_found_with_what_it_is_about(client: Client) -> None:
    attempt = str(uuid4())
    target = statement(object={"id": COURSE}, context={"registration": attempt})
    comment = statement(actor=BOB, object={"objectType": "StatementRef", "id": target["id"]})
    answer = statement(actor=CY, object={"objectType": "StatementRef", "id": comment["id"]})
    await client.post([answer, comment, target])

    wanted = {target["id"], comment["id"], answer["id"]}

    assert set(await client.ids(activity=COURSE)) == wanted
    assert set(await client.ids(registration=attempt)) == wanted
    assert set(await client.ids(agent=json.dumps(ANN), activity=COURSE)) == wanted
    assert set(await client.ids(agent=json.dumps(BOB))) == wanted - {target["id"]}


@BOTH
async def test_formats_say_as_much_as_they_are_asked_for(client: Client, version: str) -> None:
    name = {"en-US": "Course", "de": "Kurs"}
    sent = statement(
        actor={**ANN, "name": "Ann", "objectType": "Agent"},
        object={"objectType": "Activity", "id": f"{COURSE}/{version}", "definition": {"name": name}},
    )
    await client.post(sent)
    asked = {"statementId": sent["id"]}

    exact = (await speak(client, "GET", version, format="exact", **asked)).json()
    ids = (await speak(client, "GET", version, format="ids", **asked)).json()
    headers = {**client.headers, "Accept-Language": "de"}
    canonical = await client.http.get("/xapi/statements", params={"format": "canonical", **asked}, headers=headers)

    assert {key: exact[key] for key in sent} == sent
    assert (ids["actor"], ids["object"]) == ({**ANN, "objectType": "Agent"}, {"id": sent["object"]["id"]})
    assert canonical.json()["object"]["definition"]["name"] == {"de": "Kurs"}


async def test_what_was_answered_is_found_at_once_and_consistent_through_says_so(client: Client) -> None:
    before = datetime.fromisoformat((await client.get()).headers["x-experience-api-consistent-through"])
    sent = [statement() for _ in range(20)]

    await asyncio.gather(*(client.post(each) for each in sent))
    page = await client.get(limit="50")

    assert {each["id"] for each in page.json()["statements"]} == {each["id"] for each in sent}
    through = datetime.fromisoformat(page.headers["x-experience-api-consistent-through"])
    assert through >= max(datetime.fromisoformat(each["stored"]) for each in page.json()["statements"])
    assert through > before

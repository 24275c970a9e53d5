"""The statement resource, requirement by requirement: 1.0.3 Communication §2.1 and §3, Data §2.3 to §2.5; 2.0.0 where it differs.

What a statement may look like (Data §2.2, §2.4, §4) is in tests/unit/xapi; attachments (§1.5.2) and signatures (Data §2.6) are
beside this file.
"""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.gateway.domain.credential import Scope
from tests.support.gateway import VERSION, Client, Doors, statement, without

VOIDED = {"id": "http://adlnet.gov/expapi/verbs/voided"}
ANN, BOB, CY = ({"mbox": f"mailto:{name}@example.org"} for name in ("ann", "bob", "cy"))
COURSE, LESSON = "https://example.org/course", "https://example.org/lesson"
BOTH = pytest.mark.parametrize("version", ["1.0.3", "2.0.0"])


def voiding(target: str, **changes: Any) -> dict[str, Any]:
    return statement(verb=VOIDED, object={"objectType": "StatementRef", "id": target}, **changes)


async def speak(client: Client, method: str, version: str, body: Any = None, **parameters: str) -> httpx.Response:
    """Ask the statement resource in *version*."""
    headers = {**client.headers, "X-Experience-API-Version": version}
    return await client.http.request(method, "/xapi/statements", json=body, headers=headers, params=parameters or None)


# Communication §2.1.1: PUT statements


@BOTH
async def test_put_stores_the_statement_that_its_parameter_names(client: Client, version: str) -> None:
    sent = statement()

    put = await speak(client, "PUT", version, sent, statementId=sent["id"])
    nameless = await speak(client, "PUT", version, without(sent, "id"), statementId=str(uuid4()))

    assert (put.status_code, put.content, nameless.status_code) == (204, b"", 204)
    assert (await client.get(statementId=sent["id"])).json()["id"] == sent["id"]


@BOTH
async def test_put_refuses_a_missing_and_another_id(client: Client, version: str) -> None:
    missing = await speak(client, "PUT", version, statement())
    other = await speak(client, "PUT", version, statement(), statementId=str(uuid4()))

    assert (missing.status_code, other.status_code) == (400, 400)


@BOTH
async def test_put_again_is_204_and_a_conflict_409_that_changes_nothing(client: Client, version: str) -> None:
    sent = statement()
    statuses = [
        (await speak(client, "PUT", version, body, statementId=sent["id"])).status_code
        for body in (sent, sent, {**sent, "actor": BOB})
    ]

    assert statuses == [204, 204, 409]
    assert (await client.get(statementId=sent["id"])).json()["actor"] == sent["actor"]


# Communication §2.1.2: POST statements


@BOTH
async def test_post_answers_with_the_ids_in_order(client: Client, version: str) -> None:
    batch = [statement(), without(statement(), "id"), statement()]

    one, many = await speak(client, "POST", version, statement()), await speak(client, "POST", version, batch)

    assert (one.status_code, many.status_code, len(one.json())) == (200, 200, 1)
    assert many.json()[::2] == [batch[0]["id"], batch[2]["id"]]
    assert len(set(many.json())) == 3


@BOTH
async def test_post_takes_no_parameters_of_other_methods(client: Client, version: str) -> None:
    assert (await speak(client, "POST", version, statement(), statementId=str(uuid4()))).status_code == 400


@BOTH
async def test_a_batch_with_a_bad_statement_stores_none_of_it(client: Client, version: str) -> None:
    response = await speak(client, "POST", version, [statement(), without(statement(), "actor")])

    assert (response.status_code, await client.ids()) == (400, [])


# Communication §2.1.3: GET statements


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
    assert first["more"].startswith("/lrs/xapi/statements/more/")
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


# Data §2.3.2: voiding


@pytest.mark.parametrize("first", ["target", "voiding"])
async def test_a_voided_statement_is_found_only_as_such(client: Client, first: str) -> None:
    target = statement(object={"id": COURSE})
    void = voiding(target["id"])
    for each in (target, void) if first == "target" else (void, target):
        assert (await client.post(each)).status_code == 200

    plain, as_voided = await client.get(statementId=target["id"]), await client.get(voidedStatementId=target["id"])

    assert (plain.status_code, as_voided.status_code, as_voided.json()["id"]) == (404, 200, target["id"])
    assert await client.ids(activity=COURSE) == [void["id"]]
    assert (await client.get(voidedStatementId=void["id"])).status_code == 404


async def test_who_voids_cannot_be_voided(client: Client) -> None:
    target = statement()
    first = voiding(target["id"])
    second = voiding(first["id"])
    await client.post([target, first])
    await client.post(second)

    assert (await client.get(statementId=first["id"])).status_code == 200
    assert (await client.get(voidedStatementId=target["id"])).status_code == 200


@pytest.mark.parametrize("target", [{"id": COURSE}, {"objectType": "Agent", **BOB}])
async def test_what_voids_has_a_statement_reference_as_object(client: Client, target: dict[str, Any]) -> None:
    response = await client.post(statement(verb=VOIDED, object=target))

    assert [(error["rule"], error["pointer"]) for error in response.json()["errors"]] == [("voiding-object", "/object")]


# Data §2.4.1, §2.4.7 to §2.4.10: what the LRS sets


@pytest.mark.parametrize(("version", "own"), [("1.0.3", "1.0.0"), ("2.0.0", "2.0.0")])
async def test_the_lrs_sets_id_timestamp_stored_authority_and_version(client: Client, version: str, own: str) -> None:
    bare = without(statement(), "id", "timestamp")

    (identifier,) = (await speak(client, "POST", version, bare)).json()
    stored = (await speak(client, "GET", version, statementId=identifier)).json()

    assert stored["id"] == identifier
    assert stored["version"] == own
    assert stored["authority"]["account"]["name"] == client.key.key_id
    assert datetime.fromisoformat(stored["timestamp"]) <= datetime.fromisoformat(stored["stored"])
    assert stored["stored"].endswith("Z")


async def test_1_0_takes_statements_of_1_0_alone(client: Client) -> None:
    wanted = {"1.0.0": 200, "1.0.9": 200, "0.9": 400, "1.1.0": 400, "2.0.0": 400}

    assert {version: (await client.post(statement(version=version))).status_code for version in wanted} == wanted


async def test_a_time_zone_says_the_same_moment(client: Client) -> None:
    sent = statement(timestamp="2026-05-04T12:00:00-05:00")
    await speak(client, "POST", "2.0.0", sent)

    stored = (await client.get(statementId=sent["id"])).json()

    assert datetime.fromisoformat(stored["timestamp"]) == datetime.fromisoformat("2026-05-04T17:00:00+00:00")


# Data §2.4.6: context


@BOTH
async def test_a_context_activity_alone_comes_back_in_a_list(client: Client, version: str) -> None:
    related = {relation: {"id": f"{LESSON}/{relation}"} for relation in ("parent", "grouping", "category", "other")}
    sent = statement(context={"contextActivities": related})

    posted = await speak(client, "POST", version, sent)
    again = await speak(
        client, "POST", version, {**sent, "context": {"contextActivities": {key: [each] for key, each in related.items()}}}
    )

    stored = (await client.get(statementId=sent["id"])).json()
    assert (posted.status_code, again.status_code) == (200, 200)
    assert stored["context"]["contextActivities"] == {relation: [each] for relation, each in related.items()}


async def test_2_0_has_agents_and_groups_with_relevance(client: Client) -> None:
    context = {
        "contextAgents": [{"objectType": "contextAgent", "agent": {"objectType": "Agent", **BOB}, "relevantTypes": [COURSE]}],
        "contextGroups": [{"objectType": "contextGroup", "group": {"objectType": "Group", "member": [CY]}}],
    }
    sent = statement(context=context)

    old, new = await speak(client, "POST", "1.0.3", sent), await speak(client, "POST", "2.0.0", sent)

    assert (old.status_code, new.status_code) == (400, 200)
    for agent in (BOB, CY):
        assert await client.ids(agent=json.dumps(agent), related_agents="true") == [sent["id"]]
        assert await client.ids(agent=json.dumps(agent)) == []


# Communication §2.1.3: consistency


async def test_what_was_answered_is_found_at_once_and_consistent_through_says_so(client: Client) -> None:
    before = datetime.fromisoformat((await client.get()).headers["x-experience-api-consistent-through"])
    sent = [statement() for _ in range(20)]

    await asyncio.gather(*(client.post(each) for each in sent))
    page = await client.get(limit="50")

    assert {each["id"] for each in page.json()["statements"]} == {each["id"] for each in sent}
    through = datetime.fromisoformat(page.headers["x-experience-api-consistent-through"])
    assert through >= max(datetime.fromisoformat(each["stored"]) for each in page.json()["statements"])
    assert through > before


# Communication §1.4: encoding


async def test_text_is_utf_8(client: Client) -> None:
    said = "出席した · ਹਾਜ਼ਰ · ներկա · 🎓"
    sent = statement(result={"response": said})
    raw = json.dumps(sent, ensure_ascii=False)

    taken = await client.http.post(
        "/xapi/statements", content=raw.encode(), headers={**client.headers, "Content-Type": "application/json"}
    )
    refused = await client.http.post(
        "/xapi/statements", content=raw.encode("utf-16"), headers={**client.headers, "Content-Type": "application/json"}
    )

    assert (taken.status_code, refused.status_code) == (200, 400)
    assert (await client.get(statementId=sent["id"])).json()["result"]["response"] == said


# Communication §3.2 and §4.0: error codes


async def test_errors_have_the_status_that_xapi_gives_them(doors: Doors, client: Client) -> None:
    reader = await doors.client(Scope.STATEMENTS_READ)
    keyless = await doors.http.get("/xapi/statements", headers=VERSION)
    wrong = await doors.http.get("/xapi/statements", headers={**VERSION, "Authorization": "Basic YTpi"})
    forbidden = await reader.post(statement())
    delete = await doors.http.delete("/xapi/statements", headers=client.headers)

    assert (keyless.status_code, wrong.status_code, forbidden.status_code, delete.status_code) == (401, 401, 403, 405)


# Communication §3.3: versioning


async def test_versions_that_are_spoken_are_taken(client: Client) -> None:
    wanted = {"1.0.3": 200, "1.0": 200, "1.0.17": 200, "2.0.0": 200, "2.0.1": 200, "0.95": 400, "1.1.0": 400, "2": 400}
    keyed = {"Authorization": client.headers["Authorization"]}

    answers = {
        version: await client.http.get("/xapi/statements", headers={**keyed, "X-Experience-API-Version": version})
        for version in wanted
    }
    unnamed = await client.http.get("/xapi/statements", headers=keyed)

    assert {version: answer.status_code for version, answer in answers.items()} == wanted
    assert {version: answer.headers["x-experience-api-version"] for version, answer in answers.items()} == {
        version: "1.0.3" if version.startswith("1.0") else "2.0.0" for version in wanted
    }
    assert (unnamed.status_code, unnamed.headers["x-experience-api-version"]) == (400, "2.0.0")


# Communication §2.8: about


async def test_about_needs_neither_key_nor_version(client: Client) -> None:
    response = await client.http.get("/xapi/about")

    assert response.status_code == 200
    assert {"1.0.3", "2.0.0"} <= set(response.json()["version"])

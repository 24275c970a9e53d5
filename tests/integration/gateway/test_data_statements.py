"""What the LRS makes of statements, requirement by requirement: 1.0.3 Data §2.3.2 and §2.4; 2.0.0 where it differs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.gateway import Client, statement, without
from tests.support.resource import BOB, BOTH, COURSE, CY, LESSON, VOIDED, speak, voiding

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
    assert stored["timestamp"] == stored["stored"]
    assert stored["stored"].endswith("Z")


async def test_1_0_takes_statements_of_1_0_alone(client: Client) -> None:
    wanted = {"1.0.0": 200, "1.0.9": 200, "0.9": 400, "1.1.0": 400, "2.0.0": 400}

    assert {version: (await client.post(statement(version=version))).status_code for version in wanted} == wanted


@BOTH
async def test_times_come_back_in_utc_to_their_last_digit(client: Client, version: str) -> None:
    inner = {**without(statement(), "id"), "objectType": "SubStatement", "timestamp": "2026-05-04T12:00:00+02:00"}
    sent = statement(timestamp="2026-05-04T22:00:00.1234567890-05:00", object=inner)
    await speak(client, "POST", version, sent)

    stored = (await client.get(statementId=sent["id"])).json()

    assert (stored["timestamp"], stored["object"]["timestamp"]) == ("2026-05-05T03:00:00.1234567890Z", "2026-05-04T10:00:00Z")
    assert without(stored["object"], "timestamp") == without(inner, "timestamp")


async def test_times_of_1_0_come_back_as_2_0_writes_them(client: Client) -> None:
    written = {"20260504T1200": "2026-05-04T12:00:00Z", "2026-05-04T12:00:00,5": "2026-05-04T12:00:00.5Z"}
    sent = [statement(timestamp=each) for each in written]
    await client.post(sent)

    stored = [(await speak(client, "GET", "2.0.0", statementId=each["id"])).json()["timestamp"] for each in sent]

    assert stored == list(written.values())


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

"""Statements through the door, into the record."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from shared.postgres import Query
from tests.support.gateway import Client, Doors, statement, without


async def test_a_statement_posted_is_a_statement_found(client: Client) -> None:
    sent = statement()

    posted = await client.post(sent)
    found = await client.get(statementId=sent["id"])

    assert (posted.status_code, posted.json()) == (200, [sent["id"]])
    assert found.status_code == 200
    stored = found.json()
    assert without(stored, "stored", "authority", "version") == sent
    assert stored["version"] == "1.0.0"
    assert stored["authority"] == {
        "objectType": "Agent",
        "account": {"homePage": "https://symposia.example/lrs", "name": client.key.key_id},
    }


async def test_an_endpoint_with_a_slash_at_its_end_is_understood(client: Client) -> None:
    posted = statement()

    answer = await client.http.post("/xapi//statements", json=posted, headers=client.headers)

    assert answer.json() == [posted["id"]]
    found = await client.http.get("/xapi//statements", params={"statementId": posted["id"]}, headers=client.headers)
    assert found.json()["id"] == posted["id"]
    assert (await client.http.get("/xapi//about")).headers["x-experience-api-version"]


@pytest.mark.parametrize("path", ["/xapi/statements/", "/xapi//statements/"])
async def test_a_resource_with_a_slash_at_its_end_is_understood(client: Client, path: str) -> None:
    posted = statement()

    answer = await client.http.post(path, json=posted, headers=client.headers)
    found = await client.http.get(path, params={"statementId": posted["id"]}, headers=client.headers)

    assert answer.json() == [posted["id"]]
    assert found.json()["id"] == posted["id"]


async def test_bytes_come_back_as_they_were_sent(client: Client) -> None:
    sent = statement(result={"extensions": {"https://example.org/x": "PLACE"}})
    odd = b'{ "a":1.50 , "b":"\\u0000\\u00e9", "c": 123456789012345678901234567890, "z":null }'
    raw = written(sent).replace(b'"PLACE"', odd)

    posted = await client.http.post(
        "/xapi/statements", content=raw, headers={**client.headers, "Content-Type": "application/json; charset=utf-8"}
    )
    found = await client.get(statementId=sent["id"])

    assert posted.status_code == 200
    assert odd in found.content


async def test_a_statement_without_id_gets_one(client: Client) -> None:
    (identifier,) = (await client.post(without(statement(), "id"))).json()

    assert await client.ids() == [identifier]


async def test_a_statement_without_timestamp_may_be_sent_again_with_the_one_that_it_was_given(client: Client) -> None:
    sent = without(statement(), "timestamp")
    await client.post(sent)
    stored = (await client.get(statementId=sent["id"])).json()

    again, otherwise = await client.post(stored), await client.post({**stored, "result": {"success": True}})

    assert (again.status_code, otherwise.status_code) == (200, 409)
    assert await client.ids() == [sent["id"]]


async def test_a_statement_may_come_again_from_an_lrs_that_writes_the_types_that_go_without_saying(client: Client) -> None:
    sent = statement(actor={"mbox": "mailto:ada@example.org"}, object={"id": "https://example.org/course/1"})
    await client.post(sent)

    kept = {**sent, "actor": {**sent["actor"], "objectType": "Agent"}, "object": {**sent["object"], "objectType": "Activity"}}
    again, other = await client.post(kept), await client.post({**kept, "result": {"success": True}})

    assert (again.status_code, other.status_code) == (200, 409)
    assert await client.ids() == [sent["id"]]


@pytest.mark.parametrize(("sent", "kept"), [(3, 3.0), (3.0, 3)])
async def test_a_statement_may_come_again_from_an_lrs_that_writes_numbers_in_another_way(
    client: Client, sent: float, kept: float
) -> None:
    def scored(raw: float) -> dict[str, Any]:
        return {**said, "result": {"score": {"raw": raw, "scaled": 0.6}}}

    said = statement()
    await client.post(scored(sent))

    again, other = await client.post(scored(kept)), await client.post(scored(4))

    assert (again.status_code, other.status_code) == (200, 409)


async def test_what_only_the_lrs_says_is_not_believed(client: Client) -> None:
    sent = statement(stored="1999-01-01T00:00:00Z", authority={"mbox": "mailto:me@example.org"})

    await client.post(sent)

    stored = (await client.get(statementId=sent["id"])).json()
    assert stored["stored"] > "2026"
    assert stored["authority"]["account"]["name"] == client.key.key_id


async def test_a_put_is_answered_without_content(client: Client) -> None:
    sent = statement()

    put = await client.put(without(sent, "id"), statementId=sent["id"].upper())

    assert (put.status_code, put.content) == (204, b"")
    assert await client.ids() == [sent["id"]]


async def test_telling_twice_stores_once(client: Client) -> None:
    sent = [statement(), statement()]

    answers = [await client.post(sent) for _ in range(3)]
    put = await client.put(sent[0], statementId=sent[0]["id"])

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert {tuple(answer.json()) for answer in answers} == {(sent[0]["id"], sent[1]["id"])}
    assert put.status_code == 204
    assert len(await client.ids()) == 2


async def test_other_content_under_an_id_is_a_conflict_that_is_named(client: Client) -> None:
    first = statement()
    await client.post(first)

    posted = await client.post({**first, "verb": {"id": "https://example.org/other"}})
    put = await client.put({**first, "verb": {"id": "https://example.org/other"}}, statementId=first["id"])

    assert (posted.status_code, put.status_code) == (409, 409)
    assert first["id"] in posted.json()["detail"]
    assert (await client.get(statementId=first["id"])).json()["verb"] == first["verb"]


async def test_a_batch_is_taken_or_refused_whole(client: Client) -> None:
    there, beside = statement(), statement()
    await client.post(there)

    conflict = await client.post([beside, {**there, "object": {"id": "https://example.org/other"}}])
    invalid = await client.post([statement(), statement(actor={"mbox": "ann"})])

    assert (conflict.status_code, invalid.status_code) == (409, 400)
    assert {error["rule"]: error["pointer"] for error in conflict.json()["errors"]} == {
        "conflict": f"/{there['id']}",
        "refused-beside": f"/{beside['id']}",
    }
    assert await client.ids() == [there["id"]]


async def test_ids_are_answered_in_the_order_of_the_batch(client: Client) -> None:
    sent = [statement() for _ in range(50)]

    posted = await client.post(sent)

    assert posted.json() == [each["id"] for each in sent]
    assert await client.ids(ascending="true") == [each["id"] for each in sent]


async def test_an_empty_batch_changes_nothing(client: Client) -> None:
    posted = await client.post([])

    assert (posted.status_code, posted.json()) == (200, [])


async def test_ids_from_content_make_a_repetition_harmless(doors: Doors) -> None:
    moodle = await doors.client(ids_from_content=True)
    lms = await doors.client()
    sent = without(statement(), "id")

    first, again = await moodle.post([sent, {**sent, "result": {"success": True}}, sent]), await moodle.post([sent])
    await lms.post(sent)
    await lms.post(sent)

    assert first.status_code == again.status_code == 200
    assert first.json()[0] == first.json()[2] == again.json()[0] != first.json()[1]
    assert len(await moodle.ids()) == 4


async def test_voiding_takes_a_statement_out_of_sight_in_either_order(client: Client) -> None:
    first, second = statement(), statement()
    void = {"id": "http://adlnet.gov/expapi/verbs/voided"}
    voids = [statement(verb=void, object={"objectType": "StatementRef", "id": each["id"]}) for each in (first, second)]

    await client.post(first)
    await client.post(voids)
    await client.post(second)

    assert await client.ids(ascending="true") == [each["id"] for each in voids]
    assert (await client.get(statementId=first["id"])).status_code == 404
    assert (await client.get(voidedStatementId=first["id"])).json()["id"] == first["id"]
    assert (await client.get(voidedStatementId=second["id"])).status_code == 200
    assert (await client.get(voidedStatementId=voids[0]["id"])).status_code == 404


async def test_many_senders_at_once_are_all_found(client: Client) -> None:
    sent = [statement() for _ in range(200)]

    answers = await asyncio.gather(*(client.post(each) for each in sent))

    assert {answer.status_code for answer in answers} == {200}
    assert set(await client.ids(limit="500")) == {each["id"] for each in sent}


async def test_one_of_two_contents_posted_at_once_is_the_conflict(client: Client) -> None:
    one = statement()
    other = {**one, "object": {"id": "https://forum.example/t/2"}}

    answers = await asyncio.gather(*(client.post(each) for each in (one, other) * 5))

    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [409] * 5


async def test_a_conflict_taken_without_waiting_is_dead_lettered(client: Client, doors: Doors) -> None:
    sent = statement()
    await client.post(sent)

    await client.post({**sent, "verb": {"id": "https://example.org/other"}})

    letters = await doors.database.fetch(Query("SELECT reason FROM dead_letter"))
    assert [row["reason"].split(":")[0] for row in letters] == ["conflict"]


def written(document: object) -> bytes:
    return json.dumps(document).encode()

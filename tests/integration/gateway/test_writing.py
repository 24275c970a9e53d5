"""Statements through the door, into the record."""

from __future__ import annotations

import asyncio
import json
from uuid import uuid4

import pytest

from services.gateway.domain.credential import Scope
from shared.postgres import Query
from tests.support.gateway import VERSION, Client, Doors, basic, eventually, statement, without


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


async def test_a_statement_without_timestamp_gets_the_time_of_its_arrival(client: Client) -> None:
    sent = without(statement(), "timestamp")

    await client.post(sent)

    stored = (await client.get(statementId=sent["id"])).json()
    assert stored["timestamp"] <= stored["stored"]


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


async def test_a_refusal_names_statement_place_and_rule(client: Client) -> None:
    response = await client.post([statement(), statement(result={"score": {"scaled": 2}}), statement(verb={"id": "replied"})])

    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    assert [(error["pointer"], error["rule"]) for error in response.json()["errors"]] == [
        ("/1/result/score/scaled", "score-scaled"),
        ("/2/verb/id", "iri"),
    ]


@pytest.mark.parametrize(
    ("body", "status", "rule"),
    [
        (b"", 400, "json"),
        (b'{"id":', 400, "json"),
        (b'{"a":1,"a":2}', 400, "duplicate-key"),
        (b"[" * 500 + b"]" * 500, 400, "depth"),
        (b'{"a":1e131071}', 400, "number"),
        (b'"text"', 400, "statement-or-list"),
        (b'{"actor":"\xff"}', 400, "encoding"),
    ],
)
async def test_no_statement_is_refused_with_its_reason(client: Client, body: bytes, status: int, rule: str) -> None:
    headers = {**client.headers, "Content-Type": "application/json"}

    response = await client.http.post("/xapi/statements", content=body, headers=headers)

    assert response.status_code == status
    assert response.json()["errors"][0]["rule"] == rule


async def test_an_id_twice_in_a_batch_is_refused(client: Client) -> None:
    sent = statement()

    response = await client.post([sent, sent])

    assert response.status_code == 400
    assert response.json()["errors"][0]["rule"] == "repeated-id"


async def test_too_much_at_a_time_is_413(client: Client) -> None:
    many = await client.post([without(statement(), "id") for _ in range(1001)])
    large = await client.post(statement(result={"response": "x" * 8_400_000}))

    assert (many.status_code, large.status_code) == (413, 413)


async def test_as_much_as_is_allowed_is_taken(client: Client) -> None:
    many = await client.post([statement() for _ in range(1000)])
    large = await client.post(statement(result={"response": "x" * 8_300_000}))

    assert (many.status_code, large.status_code) == (200, 200)


@pytest.mark.parametrize(
    ("parameters", "rule"),
    [
        ({}, "missing-parameter"),
        ({"statementId": "1"}, "uuid"),
        ({"statementid": str(uuid4())}, "unknown-parameter"),
        ({"statementId": str(uuid4())}, "statement-id"),
    ],
)
async def test_a_put_names_its_statement(client: Client, parameters: dict[str, str], rule: str) -> None:
    response = await client.put(statement(), **parameters)

    assert response.status_code == 400
    assert response.json()["errors"][0]["rule"] == rule


async def test_a_put_takes_one_statement(client: Client) -> None:
    response = await client.put([statement()], statementId=str(uuid4()))

    assert response.status_code == 400


async def test_an_attachment_needs_its_bytes_or_its_url(client: Client) -> None:
    attachment = {
        "usageType": "https://example.org/usage",
        "display": {"en": "a file"},
        "contentType": "text/plain",
        "length": 4,
        "sha2": "a" * 64,
    }

    missing = await client.post([statement(), statement(attachments=[attachment])])
    elsewhere = await client.post(statement(attachments=[{**attachment, "fileUrl": "https://example.org/file"}]))

    assert missing.status_code == 400
    assert missing.json()["errors"][0]["pointer"] == "/1/attachments/0"
    assert elsewhere.status_code == 200


@pytest.mark.parametrize("content_type", ["", "text/plain", "multipart/mixed; boundary=x", "application/jsonp"])
async def test_only_json_is_taken(client: Client, content_type: str) -> None:
    response = await client.http.post(
        "/xapi/statements", content=written(statement()), headers={**client.headers, "Content-Type": content_type}
    )

    assert response.status_code == 400


@pytest.mark.parametrize(
    ("version", "status", "answered"),
    [
        ("1.0", 200, "1.0.3"),
        ("1.0.1", 200, "1.0.3"),
        ("2.0.0", 200, "2.0.0"),
        ("0.95", 400, "2.0.0"),
        ("1.1.0", 400, "2.0.0"),
        (None, 400, "2.0.0"),
    ],
)
async def test_the_version_is_negotiated(client: Client, version: str | None, status: int, answered: str) -> None:
    headers = {"Authorization": basic(client.key), **({"X-Experience-API-Version": version} if version else {})}

    response = await client.http.post("/xapi/statements", json=statement(), headers=headers)

    assert response.status_code == status
    assert response.headers["x-experience-api-version"] == answered


async def test_what_2_0_has_is_refused_in_1_0(client: Client) -> None:
    relevant = {"objectType": "contextAgent", "agent": {"mbox": "mailto:bob@example.org"}}
    newer = statement(context={"contextAgents": [relevant]})

    old = await client.post(newer)
    new = await client.post(newer, **{"X-Experience-API-Version": "2.0.0"})
    mixed = await client.post([{**newer, "id": str(uuid4()), "version": "1.0.0"}], **{"X-Experience-API-Version": "2.0.0"})

    assert (old.status_code, new.status_code, mixed.status_code) == (400, 200, 400)
    assert mixed.json()["errors"][0]["pointer"].startswith("/0/context")
    assert (await client.get(statementId=newer["id"])).json()["version"] == "2.0.0"


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


async def test_a_refused_request_is_kept_for_the_operator_without_what_it_said(doors: Doors) -> None:
    client = await doors.client(Scope.STATEMENTS_WRITE)

    await client.post(statement(actor={"mbox": "secret person"}))
    await client.get()

    await eventually(lambda: doors.issuer.refused(client.key.key_id))
    refused = await doors.issuer.refused(client.key.key_id)
    assert [(one.method, one.route, one.status) for one in refused] == [
        ("GET", "/xapi/statements", 403),
        ("POST", "/xapi/statements", 400),
    ]
    assert refused[1].reason == "mbox at /actor/mbox"


async def test_a_conflict_taken_without_waiting_is_dead_lettered(client: Client, doors: Doors) -> None:
    sent = statement()
    await client.post(sent)

    await client.post({**sent, "verb": {"id": "https://example.org/other"}})

    letters = await doors.database.fetch(Query("SELECT reason FROM dead_letter"))
    assert [row["reason"].split(":")[0] for row in letters] == ["conflict"]


async def test_a_preflight_needs_no_key(doors: Doors) -> None:
    response = await doors.http.options(
        "/xapi/statements", headers={"Origin": "https://course.example", "Access-Control-Request-Method": "PUT"}
    )

    assert response.status_code == 204
    assert response.headers["access-control-allow-origin"] == "*"
    assert "x-experience-api-version" in response.headers["access-control-allow-headers"].lower()
    assert "PUT" in response.headers["access-control-allow-methods"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/xapi/nothing"), ("DELETE", "/xapi/statements"), ("POST", "/xapi/statements"), ("GET", "/xapi/about")],
)
async def test_every_answer_has_the_headers_of_xapi(doors: Doors, method: str, path: str) -> None:
    response = await doors.http.request(method, path, headers=VERSION)

    assert response.headers["x-experience-api-version"] == "1.0.3"
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["x-experience-api-consistent-through"].endswith("Z")


async def test_about_says_which_versions_are_spoken_to_anybody(doors: Doors) -> None:
    response = await doors.http.get("/xapi/about")

    assert response.status_code == 200
    assert {"1.0.3", "2.0.0"} <= set(response.json()["version"])
    assert set(response.json()) <= {"version", "extensions"}


def written(document: object) -> bytes:
    return json.dumps(document).encode()


async def test_openapi_describes_the_doors(doors: Doors) -> None:
    response = await doors.http.get("/openapi.json")

    assert {"/xapi/statements", "/xapi/about", "/v1/impact"} <= set(response.json()["paths"])

"""Statements that the door refuses: by place and rule, for the sender and for the operator."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from services.gateway.domain.credential import Scope
from tests.support.gateway import Client, Doors, basic, eventually, statement, without


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
        "/xapi/statements", content=json.dumps(statement()), headers={**client.headers, "Content-Type": content_type}
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


async def test_the_operator_sees_the_route_of_a_refused_request_whatever_stands_in_its_place(doors: Doors) -> None:
    client = await doors.client(Scope.STATEMENTS_WRITE)

    await client.get("/v1/sources/a")
    await client.get("/v1/learners/impact/impact")

    async def all_refused() -> bool:
        return len(await doors.issuer.refused(client.key.key_id)) == 2

    await eventually(all_refused)
    assert [one.route for one in await doors.issuer.refused(client.key.key_id)] == [
        "/v1/learners/{ref}/impact",
        "/v1/sources/{source}",
    ]

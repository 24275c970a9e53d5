"""The OpenAPI document of the gateway: enough to make a client from, and true."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from services.gateway.domain.credential import Scope
from tests.support.description import SCHEMAS, faults_of
from tests.support.gateway import BASE_URL, Doors

NEEDS_NO_KEY = {"readAbout", "readAuthorizationServer", "grantToken"}


async def document_of(doors: Doors) -> dict[str, Any]:
    document: dict[str, Any] = (await doors.http.get("/openapi.json")).json()
    return document


def operations_of(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document["paths"].values():
        yield from path.values()


async def test_every_operation_has_a_name_of_its_own_and_says_how_a_key_is_shown(doors: Doors) -> None:
    document = await document_of(doors)
    operations = {each["operationId"]: each for each in operations_of(document)}

    assert len(operations) == len(list(operations_of(document)))
    assert document["servers"] == [{"url": BASE_URL}]
    assert {name for [name] in document["security"]} == set(document["components"]["securitySchemes"])
    assert {name for name, each in operations.items() if "security" in each} == NEEDS_NO_KEY
    for name in set(operations) - NEEDS_NO_KEY:
        assert {"400", "401", "403", "429", "503"} <= set(operations[name]["responses"]), name


async def test_what_is_taken_and_answered_has_a_schema_that_is_there(doors: Doors) -> None:
    document = await document_of(doors)
    for operation in operations_of(document):
        for described in (operation.get("requestBody", {}), *operation["responses"].values()):
            assert all("schema" in each for each in described.get("content", {}).values()), operation["operationId"]

    named = set(re.findall(r"#/components/schemas/(\w+)", (await doors.http.get("/openapi.json")).text))

    assert named == set(document["components"]["schemas"]) == set(SCHEMAS)


async def test_what_the_doors_answer_is_as_it_is_described(doors: Doors) -> None:
    client = await doors.client()
    agent = {"mbox": "mailto:ann@example.org"}
    thing = "https://example.org/course"
    good = {"id": str(uuid4()), "actor": agent, "verb": {"id": "https://example.org/did"}, "object": {"id": thing}}
    form = {"grant_type": "client_credentials", "client_id": client.key.key_id, "client_secret": client.key.secret}

    both = [good, {**good, "id": str(uuid4()), "actor": {"mbox": "ann"}}]
    partly = await client.http.post("/xapi/statements?partial=true", json=both, headers=client.headers)
    refused = await client.post({**good, "actor": {"mbox": "ann"}})

    assert (partly.status_code, faults_of(partly.json(), "PartlyStored")) == (207, [])
    assert (refused.status_code, faults_of(refused.json(), "Problem")) == (400, [])
    for path, schema, query in (
        ("/xapi/statements", "StatementResult", {}),
        ("/xapi/statements", "Statement", {"statementId": good["id"]}),
        ("/xapi/activities", "Activity", {"activityId": thing}),
        ("/xapi/agents", "Person", {"agent": '{"mbox":"mailto:ann@example.org"}'}),
        ("/xapi/about", "About", {}),
        ("/.well-known/oauth-authorization-server", "AuthorizationServer", {}),
    ):
        answer = await client.get(path, **query)
        assert (answer.status_code, faults_of(answer.json(), schema)) == (200, []), schema
    granted = await doors.http.post("/oauth/token", data=form)
    assert (granted.status_code, faults_of(granted.json(), "Token")) == (200, [])
    unknown = await doors.http.post("/oauth/token", data={**form, "client_secret": "no"})
    assert (unknown.status_code, faults_of(unknown.json(), "TokenError")) == (401, [])


async def test_a_method_that_is_not_there_is_told_all_that_are(doors: Doors) -> None:
    client = await doors.client(Scope.IMPACT_READ)

    for path, allowed in (
        ("/v1/learners/external:HR-1/objection", "DELETE, PUT"),
        ("/v1/impact", "GET, HEAD"),
        ("/v1/sources/acme", "GET, HEAD"),
        ("/openapi.json", "GET, HEAD"),
    ):
        response = await client.http.patch(path)

        assert (response.status_code, response.headers["allow"]) == (405, allowed)
        assert response.headers["content-type"] == "application/problem+json"

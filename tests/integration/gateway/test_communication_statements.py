"""The statement resource, requirement by requirement: 1.0.3 Communication §1.4, §2.1, §2.8, §3, §4; 2.0.0 where it differs.

What a statement may look like (Data §2.2, §2.4, §4) is in tests/unit/xapi; how statements are found (§2.1.3), what the LRS makes
of them (Data §2.3 to §2.5), attachments (§1.5.2) and signatures (Data §2.6) are beside this file.
"""

from __future__ import annotations

import json
from uuid import uuid4

from services.gateway.domain.credential import Scope
from tests.support.gateway import VERSION, Client, Doors, statement, without
from tests.support.resource import BOB, BOTH, speak

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


@BOTH
async def test_what_an_lrs_may_change_of_a_statement_makes_no_conflict(client: Client, version: str) -> None:
    sent = statement(timestamp="2026-05-04T12:00:00Z", actor={"mbox": "mailto:ann@Example.org"})
    retold = {
        **sent,
        "actor": {"mbox": "mailto:ann@example.org"},
        "verb": {"id": sent["verb"]["id"], "display": {"en": "answered"}},
        "object": {**sent["object"], "definition": {"name": {"en": "Another title"}}},
        "timestamp": "2026-05-04T14:00:00.000+02:00",
    }
    await speak(client, "POST", version, sent)

    again = await speak(client, "PUT", version, retold, statementId=sent["id"])

    assert again.status_code == 204
    assert (await client.get(statementId=sent["id"])).json()["verb"] == sent["verb"]


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

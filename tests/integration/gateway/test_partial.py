"""`POST /xapi/statements?partial=true`: the good are recorded, the bad are told."""

from __future__ import annotations

from typing import Any

import httpx

from services.gateway.domain.credential import Scope
from tests.support.gateway import Client, Doors, eventually, statement, without


async def post_partly(client: Client, body: Any, partial: str = "true") -> httpx.Response:
    return await client.http.post("/xapi/statements", params={"partial": partial}, json=body, headers=client.headers)


async def test_all_good_is_200_with_every_id(client: Client) -> None:
    sent = [statement() for _ in range(3)]

    answer = await post_partly(client, sent)

    assert answer.status_code == 200
    assert answer.json() == {"ids": [each["id"] for each in sent], "errors": []}
    assert set(await client.ids()) == {each["id"] for each in sent}


async def test_some_bad_is_207_and_the_good_are_found(client: Client, doors: Doors) -> None:
    first, last = statement(), without(statement(), "id")

    answer = await post_partly(client, [first, statement(actor={"mbox": "ann@example.org"}), last])

    assert answer.status_code == 207
    ids, errors = answer.json()["ids"], answer.json()["errors"]
    assert (ids[0], ids[1]) == (first["id"], None)
    assert [(each["index"], each["pointer"], each["rule"]) for each in errors] == [(1, "/1/actor/mbox", "mbox")]
    assert "ann@example.org" not in answer.text
    assert set(await client.ids()) == {ids[0], ids[2]}
    metrics = (await doors.http.get("/metrics")).text
    assert 'symposia_gateway_statements_total{outcome="rejected"} 1.0' in metrics
    assert 'symposia_gateway_validation_failures_total{rule="mbox"} 1.0' in metrics


async def test_none_good_is_400_and_nothing_is_recorded(client: Client) -> None:
    answer = await post_partly(client, [{}, 1])

    assert answer.status_code == 400
    assert {each["pointer"].split("/")[1] for each in answer.json()["errors"]} == {"0", "1"}
    assert await client.ids() == []


async def test_a_conflict_does_not_take_the_others_down(client: Client) -> None:
    known, fresh = statement(), [statement() for _ in range(2)]
    await client.post(known)

    answer = await post_partly(client, [fresh[0], {**known, "verb": {"id": "https://example.org/other"}}, fresh[1]])

    assert answer.status_code == 207
    assert answer.json()["ids"] == [fresh[0]["id"], None, fresh[1]["id"]]
    assert [(each["index"], each["rule"]) for each in answer.json()["errors"]] == [(1, "conflict")]
    assert set(await client.ids()) == {known["id"], *(each["id"] for each in fresh)}


async def test_nothing_but_conflicts_is_409(client: Client) -> None:
    known = statement()
    await client.post(known)

    assert (await post_partly(client, [{**known, "result": {"success": True}}])).status_code == 409


async def test_a_repetition_of_what_was_taken_partly_is_harmless(client: Client) -> None:
    sent = [statement(), {}, statement()]

    first, again = await post_partly(client, sent), await post_partly(client, sent)

    assert (first.status_code, again.status_code) == (207, 207)
    assert first.content == again.content
    assert len(await client.ids()) == 2


async def test_no_list_of_statements_no_json_and_a_wrong_parameter_are_400(client: Client) -> None:
    wrong = await post_partly(client, [statement()], "yes")
    malformed = await client.http.post(
        "/xapi/statements?partial=true", content=b"[{]", headers={**client.headers, "Content-Type": "application/json"}
    )
    text = await post_partly(client, "text")

    assert {wrong.status_code, malformed.status_code, text.status_code} == {400}


async def test_false_takes_or_refuses_the_request_whole(client: Client) -> None:
    assert (await post_partly(client, [statement(), {}], "false")).status_code == 400
    assert await client.ids() == []


async def test_the_operator_sees_what_was_refused_of_it(doors: Doors) -> None:
    client = await doors.client(Scope.STATEMENTS_WRITE)

    await post_partly(client, [statement(), statement(verb={"id": "secret"})])

    await eventually(lambda: doors.issuer.refused(client.key.key_id))
    assert [(one.status, one.reason) for one in await doors.issuer.refused(client.key.key_id)] == [(207, "iri at /1/verb/id")]

"""Statements read from the record: one, those that match, page by page."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from uuid import uuid4

import pytest

from services.gateway.domain.credential import Scope
from tests.support.gateway import Client, Doors, basic, follow, statement, store

ANN = {"mbox": "mailto:ann@example.org"}
BOB = {"account": {"homePage": "https://acme.slack.com", "name": "U2"}}
LIKED = {"id": "https://w3id.org/xapi/acrossx/verbs/liked"}
COURSE = "https://lms.example/course/7"
REGISTRATION = str(uuid4())


async def test_the_newest_comes_first_unless_asked_otherwise(client: Client) -> None:
    ids = await store(client, *(statement() for _ in range(4)))

    assert await client.ids() == ids[::-1]
    assert await client.ids(ascending="true") == ids
    assert await client.ids(limit="2") == ids[:1:-1]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"agent": json.dumps(ANN)}, [0, 1]),
        ({"agent": json.dumps({"objectType": "Agent", "name": "Bob", **BOB})}, [2, 3]),
        ({"agent": json.dumps(BOB), "related_agents": "true"}, [1, 2, 3]),
        ({"verb": LIKED["id"]}, [2]),
        ({"activity": "https://forum.example/t/1"}, [0, 1, 2]),
        ({"activity": COURSE}, []),
        ({"activity": COURSE, "related_activities": "true"}, [1]),
        ({"registration": REGISTRATION.upper()}, [1]),
        ({"agent": json.dumps(ANN), "activity": COURSE, "related_activities": "true", "verb": statement()["verb"]["id"]}, [1]),
        ({"agent": json.dumps(ANN), "verb": LIKED["id"]}, []),
        ({"agent": json.dumps({"mbox": "mailto:nobody@example.org"})}, []),
    ],
)
async def test_filters_find_what_they_say(client: Client, parameters: dict[str, str], expected: Sequence[int]) -> None:
    ids = await store(
        client,
        statement(),
        statement(context={"registration": REGISTRATION, "instructor": BOB, "contextActivities": {"parent": [{"id": COURSE}]}}),
        statement(actor=BOB, verb=LIKED),
        statement(actor={"objectType": "Group", "member": [BOB]}, object={"id": "https://forum.example/t/2"}),
    )

    found = await client.ids(ascending="true", **parameters)

    assert found == [ids[index] for index in expected]


async def test_since_is_exclusive_and_until_inclusive(client: Client) -> None:
    ids = await store(client, *(statement() for _ in range(4)))
    stored = [(await client.get(statementId=each)).json()["stored"] for each in ids]

    found = await client.ids(since=stored[0], until=stored[2], ascending="true")

    assert found == ids[1:3]


async def test_a_statement_about_a_matching_statement_matches(client: Client) -> None:
    first = statement(actor=BOB)
    confirmed = statement(object={"objectType": "StatementRef", "id": first["id"]})

    await store(client, confirmed, first)

    assert await client.ids(agent=json.dumps(BOB), ascending="true") == [confirmed["id"], first["id"]]


async def test_readers_who_ask_at_once_get_each_what_they_ask_for(client: Client) -> None:
    ids = await store(client, *(statement(actor=actor) for actor in (ANN, BOB, ANN, BOB, ANN)))
    stored = (await client.get(statementId=ids[2])).json()["stored"]
    ann, bob, nobody = (json.dumps(each) for each in (ANN, BOB, {"mbox": "mailto:nobody@example.org"}))

    found = await asyncio.gather(
        client.ids(agent=ann),
        client.ids(agent=bob, limit="1"),
        client.ids(agent=nobody),
        client.ids(agent=ann, since=stored),
        client.ids(agent=ann, ascending="true", limit="2"),
        client.ids(agent=bob, ascending="true"),
        client.ids(verb=LIKED["id"], ascending="true"),
    )

    assert found == [[ids[4], ids[2], ids[0]], [ids[3]], [], [ids[4]], [ids[0], ids[2]], [ids[1], ids[3]], []]


async def test_who_may_read_only_its_own_sees_no_other(doors: Doors) -> None:
    reader = await doors.client(Scope.STATEMENTS_WRITE, Scope.STATEMENTS_READ_MINE)
    other = await doors.client()
    own = await store(reader, statement(), statement(), statement())
    foreign = await store(
        other, statement(actor={"account": {"homePage": "https://symposia.example/lrs", "name": reader.key.key_id}})
    )

    assert await reader.ids(ascending="true") == own
    assert await reader.ids(agent=json.dumps(ANN), ascending="true") == own
    assert await reader.ids(verb=LIKED["id"]) == []
    assert await follow(reader, await reader.get(limit="2", ascending="true")) == own
    assert (await reader.get(statementId=own[0])).status_code == 200
    assert (await reader.get(statementId=foreign[0])).status_code == 404
    assert sorted(await other.ids()) == sorted(own + foreign)


async def test_one_statement_has_an_etag_and_says_when_it_was_stored(client: Client) -> None:
    (identifier,) = await store(client, statement())

    response = await client.get(statementId=identifier)

    assert response.headers["etag"].startswith('"')
    assert response.headers["last-modified"].endswith("GMT")


async def test_a_head_is_the_get_without_its_body(client: Client) -> None:
    (identifier,) = await store(client, statement())

    got = await client.get(statementId=identifier)
    head = await client.http.head("/xapi/statements", headers=client.headers, params={"statementId": identifier})

    assert (head.status_code, head.content) == (200, b"")
    assert {name: head.headers[name] for name in ("etag", "content-length")} == {
        name: got.headers[name] for name in ("etag", "content-length")
    }


@pytest.mark.parametrize(
    "parameters",
    [
        {"statementId": str(uuid4()), "voidedStatementId": str(uuid4())},
        {"statementId": str(uuid4()), "limit": "1"},
        {"statementId": "no uuid"},
        {"StatementId": str(uuid4())},
        {"unknown": "1"},
        {"agent": "{"},
        {"agent": '{"name":"Ann"}'},
        {"agent": '{"objectType":"Group","member":[{"mbox":"mailto:a@b.org"}]}'},
        {"verb": "replied"},
        {"activity": "no iri"},
        {"registration": "1"},
        {"since": "yesterday"},
        {"until": "2026-02-30T00:00:00Z"},
        {"limit": "-1"},
        {"limit": "many"},
        {"ascending": "TRUE"},
        {"related_agents": "1"},
        {"format": "short"},
    ],
)
async def test_what_cannot_be_asked_is_refused_by_name(client: Client, parameters: dict[str, str]) -> None:
    response = await client.get(**parameters)

    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"].removeprefix("/") in parameters


async def test_a_parameter_twice_is_refused(client: Client) -> None:
    response = await client.get("/xapi/statements?limit=1&limit=2")

    assert response.status_code == 400


async def test_nothing_found_is_an_empty_result(client: Client) -> None:
    response = await client.get(agent=json.dumps(BOB))

    assert (response.status_code, response.json()) == (200, {"statements": [], "more": ""})
    assert (await client.get(statementId=str(uuid4()))).status_code == 404


async def test_ids_leave_nothing_but_identifiers(client: Client) -> None:
    full = statement(
        actor={**ANN, "name": "Ann", "objectType": "Agent"},
        object={"id": COURSE, "objectType": "Activity", "definition": {"name": {"en": "Course"}}},
        result={"response": "yes"},
    )
    await store(client, full)

    (found,) = (await client.get(format="ids")).json()["statements"]

    assert found["actor"] == {**ANN, "objectType": "Agent"}
    assert found["object"] == {"id": COURSE}
    assert found["verb"] == {"id": full["verb"]["id"]}
    assert found["result"] == full["result"]


async def test_canonical_has_the_language_that_is_accepted(client: Client) -> None:
    (identifier,) = await store(
        client, statement(object={"id": COURSE, "definition": {"name": {"fr": "Cours", "de-AT": "Kurs"}}})
    )
    headers = {**client.headers, "Accept-Language": "de, en;q=0.5"}

    response = await client.http.get(
        "/xapi/statements", headers=headers, params={"statementId": identifier, "format": "canonical"}
    )

    found = response.json()
    assert found["verb"]["display"] == {"de": "antwortete"}
    assert found["object"]["definition"]["name"] == {"de-AT": "Kurs"}


async def test_attachments_come_as_parts_when_asked_for(client: Client) -> None:
    await store(client, statement())

    plain, parts = await client.get(attachments="false"), await client.get(attachments="true")

    assert plain.headers["content-type"] == "application/json"
    kind, _, boundary = parts.headers["content-type"].partition("; boundary=")
    assert kind == "multipart/mixed"
    assert parts.content.startswith(f"--{boundary}\r\nContent-Type:application/json\r\n\r\n".encode())
    assert parts.content.endswith(f"\r\n--{boundary}--".encode())
    assert plain.content.split(b',"more"')[0] in parts.content


async def test_an_answer_is_joined_from_stored_bytes(client: Client) -> None:
    (identifier,) = await store(client, statement())

    single = await client.get(statementId=identifier)
    page = await client.get()

    assert page.content == b'{"statements":[' + single.content + b'],"more":""}'


async def test_scopes_are_kept_apart(doors: Doors) -> None:
    writer, reader = await doors.client(Scope.STATEMENTS_WRITE), await doors.client(Scope.ALL_READ)

    assert (await writer.get()).status_code == 403
    assert (await reader.get()).status_code == 200
    assert (await reader.post(statement())).status_code == 403
    assert (await doors.http.get("/xapi/statements", headers={"Authorization": basic(reader.key)})).status_code == 400

"""Documents through the doors: 1.0.3 Communication §2.2, §2.3, §2.6, §2.7; 2.0.0 §4.1.6.2, §4.1.6.5, §4.1.6.6."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from services.gateway.domain.credential import Scope
from shared.postgres import Query
from tests.support.documents import ACTIVITY, AGENT, ATTEMPT, RESOURCES, STATE, DocumentResource, ask, stored
from tests.support.gateway import Client, Doors, eventually

OBJECT, LIST, TEXT = (b'{"a":1}', "application/json"), (b"[1]", "application/json"), (b"text", "text/plain")


@RESOURCES
async def test_a_document_comes_back_as_it_was_sent(client: Client, resource: DocumentResource) -> None:
    sent = bytes(range(256)) * 300

    put = await ask(client, "PUT", resource, resource.at(), sent, If_None_Match="*", Content_Type='image/png; a="b c"')
    found = await ask(client, "GET", resource, resource.at())

    assert put.status_code == 204
    assert (found.status_code, found.content) == (200, sent)
    assert found.headers["content-type"] == 'image/png; a="b c"'
    assert found.headers["etag"] == f'"{hashlib.sha1(sent).hexdigest()}"' == put.headers["etag"]  # noqa: S324  1.0.3 wants SHA-1
    assert found.headers["last-modified"].endswith("GMT")


@RESOURCES
async def test_a_document_is_there_also_for_those_who_end_its_resource_with_a_slash(
    client: Client, resource: DocumentResource
) -> None:
    await stored(client, resource, {"a": 1})

    found = await ask(client, "GET", replace(resource, path=f"{resource.path}/"), resource.at())

    assert (found.status_code, found.json()) == (200, {"a": 1})


@RESOURCES
async def test_head_says_what_get_says_without_the_document(client: Client, resource: DocumentResource) -> None:
    await stored(client, resource, {"a": 1})

    answers = [(await ask(client, method, resource, resource.at())) for method in ("GET", "HEAD")]
    missing = await ask(client, "HEAD", resource, resource.at("other"))

    assert (answers[1].status_code, answers[1].content) == (200, b"")
    assert answers[0].headers == answers[1].headers
    assert (missing.status_code, missing.content) == (404, b"")


@RESOURCES
async def test_post_stores_then_merges_the_outermost_properties(client: Client, resource: DocumentResource) -> None:
    first = await ask(client, "POST", resource, resource.at(), {"car": {"make": "Ford", "model": "Escape"}, "driver": "Dale"})
    second = await ask(client, "POST", resource, resource.at(), {"car": {"make": "Dodge"}, "z": [1]})

    found = await ask(client, "GET", resource, resource.at())

    assert (first.status_code, second.status_code) == (204, 204)
    assert found.json() == {"car": {"make": "Dodge"}, "driver": "Dale", "z": [1]}
    assert found.headers["etag"] == second.headers["etag"] != first.headers["etag"]


@RESOURCES
@pytest.mark.parametrize(
    ("standing", "posted"),
    [
        (OBJECT, TEXT),
        (TEXT, OBJECT),
        (TEXT, TEXT),
        (OBJECT, LIST),
        (LIST, OBJECT),
        (OBJECT, (b'{"a":', "application/json")),
    ],
)
async def test_only_objects_are_merged(
    client: Client, resource: DocumentResource, standing: tuple[bytes, str], posted: tuple[bytes, str]
) -> None:
    await ask(client, "PUT", resource, resource.at(), standing[0], If_None_Match="*", Content_Type=standing[1])

    refused = await ask(client, "POST", resource, resource.at(), posted[0], Content_Type=posted[1])
    found = await ask(client, "GET", resource, resource.at())

    assert refused.status_code == 400
    assert refused.headers["content-type"] == "application/problem+json"
    assert (found.content, found.headers["content-type"]) == standing


@RESOURCES
async def test_a_deleted_document_is_gone_and_may_be_deleted_again(client: Client, resource: DocumentResource) -> None:
    await stored(client, resource, b"x")

    deleted = [await ask(client, "DELETE", resource, resource.at()) for _ in range(2)]
    found = await ask(client, "GET", resource, resource.at())

    assert [each.status_code for each in deleted] == [204, 204]
    assert found.status_code == 404


@RESOURCES
async def test_names_are_listed_in_order_with_when_the_last_was_changed(client: Client, resource: DocumentResource) -> None:
    for name in ("b", "a", "Ä\0"):
        await stored(client, resource, b"x", name)
    found = await ask(client, "GET", resource, resource.context)

    assert found.json() == ["a", "b", "Ä\0"]
    assert found.headers["etag"] == f'"{hashlib.sha1(found.content).hexdigest()}"'  # noqa: S324  1.0.3 wants SHA-1
    assert "last-modified" in found.headers


@RESOURCES
async def test_since_leaves_out_what_was_changed_before(client: Client, doors: Doors, resource: DocumentResource) -> None:
    await stored(client, resource, b"x", "old")
    await stored(client, resource, b"x", "new")
    moment = "2026-01-31T12:00:00.000001Z"
    for name, at in (("old", moment), ("new", "2026-01-31T12:00:00.000002Z")):
        sql = "UPDATE document SET updated_at = $2::text::timestamptz WHERE name = $1"
        await doors.database.execute(Query(sql), name.encode(), at)

    found = await ask(client, "GET", resource, {**resource.context, "since": moment})
    none = await ask(client, "GET", resource, {**resource.context, "since": "2026-02-01T00:00:00Z"})
    wrong = await ask(client, "GET", resource, {**resource.context, "since": "yesterday"})

    assert (found.json(), none.json(), wrong.status_code) == (["new"], [], 400)
    assert "last-modified" not in none.headers


async def test_a_state_without_registration_is_of_its_own(client: Client) -> None:
    await stored(client, STATE, b"none")
    await stored(client, STATE, b"some", registration=ATTEMPT)

    found = [(await ask(client, "GET", STATE, STATE.at(**more))).content for more in ({}, {"registration": ATTEMPT.upper()})]
    await ask(client, "DELETE", STATE, STATE.context)
    left = [(await ask(client, "GET", STATE, {**STATE.context, **more})).json() for more in ({}, {"registration": ATTEMPT})]

    assert found == [b"none", b"some"]
    assert left == [[], ["one"]]


@RESOURCES
async def test_each_resource_needs_its_scope(doors: Doors, resource: DocumentResource) -> None:
    own, other = (Scope.STATE, Scope.PROFILE) if resource is STATE else (Scope.PROFILE, Scope.STATE)
    asked = [await doors.client(scope) for scope in (own, Scope.ALL, other, Scope.ALL_READ, Scope.STATEMENTS_WRITE)]

    for method in ("GET", "PUT", "POST", "DELETE"):
        answers = [await ask(client, method, resource, resource.at(), {"a": 1}, If_None_Match="*") for client in asked]

        refused = [answer.status_code == 403 for answer in answers]
        assert refused == [False, False, True, method != "GET", True], method


@RESOURCES
async def test_without_a_key_there_is_nothing(doors: Doors, resource: DocumentResource) -> None:
    response = await doors.http.get(resource.path, params=resource.at(), headers={"X-Experience-API-Version": "1.0.3"})

    assert response.status_code == 401


@RESOURCES
async def test_a_version_that_is_not_spoken_is_refused(client: Client, resource: DocumentResource) -> None:
    for version in ("0.95", "1.1.0", "3.0.0", "one", ""):
        response = await ask(client, "GET", resource, resource.at(), **{"X-Experience-API-Version": version})

        assert response.status_code == 400, version


async def test_what_says_that_it_is_json_is(client: Client) -> None:
    response = await ask(client, "PUT", STATE, STATE.at(), b"bookmark=3", Content_Type="application/json")

    assert response.status_code == 400
    assert response.json()["errors"][0]["rule"] == "json"


async def test_a_document_without_a_type_is_bytes(client: Client) -> None:
    sent = {**client.headers}
    await client.http.put(STATE.path, params=STATE.at(), content=b"x", headers=sent)

    assert (await ask(client, "GET", STATE, STATE.at())).headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize("content_type", ["json", "a/b\x7f", "text/plain\u00e9", "a/" + "b" * 300, "/", "a/b c/d"])
async def test_a_type_that_is_none_is_refused(client: Client, content_type: str) -> None:
    sent = {**client.headers, "Content-Type": content_type.encode("latin-1")}
    response = await client.http.put(STATE.path, params=STATE.at(), content=b"x", headers=sent)  # type: ignore[arg-type]

    assert response.status_code == 400


async def test_a_document_in_a_browser_does_nothing(client: Client) -> None:
    await ask(client, "PUT", STATE, STATE.at(), b"<script>alert(1)</script>", Content_Type="text/html")

    found = await ask(client, "GET", STATE, STATE.at())

    assert found.headers["content-type"] == "text/html"
    assert "sandbox" in found.headers["content-security-policy"]
    assert found.headers["x-content-type-options"] == "nosniff"


async def test_too_large_a_document_is_refused_merged_or_not(client: Client) -> None:
    half = {"a": "x" * 5_000_000}
    first = await ask(client, "POST", STATE, STATE.at(), half)
    merged = await ask(client, "POST", STATE, STATE.at(), {"b": half["a"]})
    whole = await ask(client, "PUT", STATE, STATE.at("two"), b"x" * 9_000_000)

    assert (first.status_code, merged.status_code, whole.status_code) == (204, 413, 413)
    assert set((await ask(client, "GET", STATE, STATE.at())).json()) == {"a"}


async def test_a_refused_request_is_noted_without_what_it_said(doors: Doors) -> None:
    client = await doors.client(Scope.STATE)

    await ask(client, "PUT", STATE, {**STATE.context, "agent": "secret person", "stateId": "x"}, b"x")

    await eventually(lambda: doors.issuer.refused(client.key.key_id))
    (refused,) = await doors.issuer.refused(client.key.key_id)
    assert (refused.method, refused.route, refused.status) == ("PUT", STATE.path, 400)
    assert "secret" not in refused.reason


async def test_a_person_s_documents_are_found_by_who_they_are(client: Client, doors: Doors) -> None:
    await stored(client, STATE, b"x")
    await stored(client, AGENT, b"x")
    await stored(client, ACTIVITY, b"x")

    rows = await doors.database.fetch(Query("SELECT resource FROM document WHERE agent = $1"), "mbox::mailto:ann@example.org")

    assert {row["resource"] for row in rows} == {"state", "agent-profile"}

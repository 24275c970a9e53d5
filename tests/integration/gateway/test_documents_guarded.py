"""Documents that several change at once: 1.0.3 Communication §3.1, 2.0.0 §4.1.4."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.documents import BEN, RESOURCES, STATE, DocumentResource, ask, stored
from tests.support.gateway import Client


@RESOURCES
@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
async def test_a_change_with_an_old_tag_changes_nothing(client: Client, resource: DocumentResource, method: str) -> None:
    old = await stored(client, resource, {"a": 1})
    current = (await ask(client, "PUT", resource, resource.at(), {"a": 2}, If_Match=old)).headers["etag"]

    refused = await ask(client, method, resource, resource.at(), {"a": 3}, If_Match=old)
    known = await ask(client, method, resource, resource.at(), {"a": 3}, If_None_Match="*")
    kept = await ask(client, "GET", resource, resource.at())
    accepted = await ask(client, method, resource, resource.at(), {"a": 3}, If_Match=current)

    assert (refused.status_code, known.status_code, accepted.status_code) == (412, 412, 204)
    assert kept.json() == {"a": 2}


@RESOURCES
@pytest.mark.parametrize("version", ["1.0.3", "2.0.0"])
async def test_put_over_a_document_without_a_tag_depends_on_the_version(
    client: Client, resource: DocumentResource, version: str
) -> None:
    spoken = {"X-Experience-API-Version": version}
    first = await ask(client, "PUT", resource, resource.at(), {"a": 1}, **spoken)
    await ask(client, "POST", resource, resource.at(), {"a": 1}, **spoken)
    second = await ask(client, "PUT", resource, resource.at(), {"a": 2}, **spoken)

    free = resource is STATE and version == "1.0.3"
    needed = resource is not STATE and version == "1.0.3"
    assert first.status_code == (400 if needed else 204)
    assert second.status_code == (204 if free else 409)
    assert free or "If-Match" in second.json()["detail"]
    assert (await ask(client, "GET", resource, resource.at())).json() == {"a": 2 if free else 1}


async def test_all_states_of_a_context_are_deleted_and_no_others(client: Client) -> None:
    for name in ("a", "b"):
        await stored(client, STATE, b"x", name)
    await stored(client, STATE, b"x", agent=BEN)
    listed = (await ask(client, "GET", STATE, STATE.context)).headers["etag"]

    refused = await ask(client, "DELETE", STATE, STATE.context, If_Match='"other"')
    deleted = await ask(client, "DELETE", STATE, STATE.context, If_Match=listed)

    assert (refused.status_code, deleted.status_code) == (412, 204)
    assert (await ask(client, "GET", STATE, STATE.context)).json() == []
    assert (await ask(client, "GET", STATE, {**STATE.context, "agent": BEN})).json() == ["one"]


@RESOURCES
async def test_who_has_a_document_is_not_sent_it_again(client: Client, resource: DocumentResource) -> None:
    tag = await stored(client, resource, b"x")

    known = await ask(client, "GET", resource, resource.at(), If_None_Match=f'"other", W/{tag}')
    other = await ask(client, "GET", resource, resource.at(), If_Match='"other"')

    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", tag)
    assert other.status_code == 412


@RESOURCES
async def test_of_two_writers_who_know_the_same_exactly_one_wins(client: Client, resource: DocumentResource) -> None:
    tag = await stored(client, resource, {"writer": None})

    answers = await asyncio.gather(
        *(ask(client, "PUT", resource, resource.at(), {"writer": number}, If_Match=tag) for number in range(12))
    )

    won = [number for number, answer in enumerate(answers) if answer.status_code == 204]
    assert sorted(answer.status_code for answer in answers) == [204] + [412] * 11
    assert (await ask(client, "GET", resource, resource.at())).json() == {"writer": won[0]}


@RESOURCES
async def test_of_two_who_store_a_new_document_exactly_one_wins(client: Client, resource: DocumentResource) -> None:
    answers = await asyncio.gather(
        *(ask(client, "PUT", resource, resource.at(), {"writer": number}, If_None_Match="*") for number in range(12))
    )

    assert sorted(answer.status_code for answer in answers) == [204] + [412] * 11


async def test_no_merge_is_lost_when_many_come_at_once(client: Client) -> None:
    answers = await asyncio.gather(*(ask(client, "POST", STATE, STATE.at(), {f"key{number}": number}) for number in range(40)))

    assert {answer.status_code for answer in answers} == {204}
    assert (await ask(client, "GET", STATE, STATE.at())).json() == {f"key{number}": number for number in range(40)}


async def test_changes_and_deletions_at_once_end_in_one_of_their_orders(client: Client) -> None:
    for _ in range(5):
        requests = [ask(client, "POST", STATE, STATE.at(), {"a": 1}) for _ in range(6)]
        requests += [ask(client, "DELETE", STATE, STATE.at()) for _ in range(3)]
        requests += [ask(client, "DELETE", STATE, STATE.context) for _ in range(3)]

        answers = await asyncio.gather(*requests)

        assert {answer.status_code for answer in answers} == {204}
        left = await ask(client, "GET", STATE, STATE.at())
        assert left.status_code == 404 or left.json() == {"a": 1}


async def test_a_broken_precondition_is_refused(client: Client) -> None:
    response = await ask(client, "PUT", STATE, STATE.at(), b"x", If_Match='"a" "b"')

    assert response.status_code == 400

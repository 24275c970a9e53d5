"""Pages of statements: each whole, in order, and consistent through one moment, while others write."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

import pytest

from services.gateway.statements import store as store_module
from tests.support.gateway import Client, Doors, follow, own_path, statement, store


async def test_pages_hold_each_statement_once_while_writes_go_on(client: Client) -> None:
    before = await store(client, *(statement() for _ in range(25)))
    writing = asyncio.gather(store(client, *(statement() for _ in range(25))))

    descending = await follow(client, await client.get(limit="4"))
    ascending = await follow(client, await client.get(limit="4", ascending="true"))
    await writing

    assert [each for each in descending if each in set(before)] == before[::-1]
    assert ascending[:25] == before
    assert len(set(descending)) == len(descending)
    assert len(set(ascending)) == len(ascending)


async def test_a_client_that_takes_the_query_of_more_alone_and_repeats_its_own_comes_to_the_end(client: Client) -> None:
    ids = await store(client, *(statement() for _ in range(5)))
    asked, found = {"limit": "2", "ascending": "true"}, []

    for _ in range(3):
        page = (await client.get(**asked)).json()
        found += [each["id"] for each in page["statements"]]
        asked |= dict(parse_qsl(urlsplit(page["more"]).query))

    assert (found, page["more"]) == (ids, "")


async def test_a_client_that_puts_a_slash_before_more_comes_to_the_end(client: Client) -> None:
    ids = await store(client, *(statement() for _ in range(3)))
    first = await client.get(limit="2", ascending="true")

    rest = await client.get(f"http://gateway/{own_path(first)}")

    assert [each["id"] for each in rest.json()["statements"]] == ids[2:]
    assert rest.headers["x-experience-api-consistent-through"] == first.headers["x-experience-api-consistent-through"]


async def test_every_page_is_consistent_through_the_same_moment(client: Client) -> None:
    await store(client, *(statement() for _ in range(5)))

    first = await client.get(limit="2")
    await store(client, statement())
    second = await client.get(own_path(first))

    name = "x-experience-api-consistent-through"
    assert first.headers[name] == second.headers[name]


async def test_all_up_to_consistent_through_is_there(client: Client) -> None:
    posted = [statement() for _ in range(30)]
    writing = asyncio.gather(*(client.post(each) for each in posted))
    pages = [await client.get(ascending="true") for _ in range(10)]
    await writing

    everything = (await client.get(ascending="true")).json()["statements"]

    for page in pages:
        through = moment(page.headers["x-experience-api-consistent-through"])
        seen = {each["id"] for each in page.json()["statements"]}
        assert seen >= {each["id"] for each in everything if moment(each["stored"]) <= through}


@pytest.mark.parametrize("change", ["tamper", "truncate", "empty"])
async def test_a_cursor_that_is_not_ours_is_refused(client: Client, change: str) -> None:
    await store(client, statement(), statement())
    path = own_path(await client.get(limit="1"))
    base, _, cursor = path.rpartition("=")
    changed = {"tamper": cursor[:-4] + "AAAA", "truncate": cursor[:20], "empty": "x"}[change]

    response = await client.get(f"{base}={changed}")

    assert response.status_code == 400


async def test_more_needs_a_key_too(client: Client, doors: Doors) -> None:
    await store(client, statement(), statement())
    path = own_path(await client.get(limit="1"))

    response = await doors.http.get(path, headers={"X-Experience-API-Version": "1.0.3"})

    assert response.status_code == 401


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize("ascending", ["true", "false"])
@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"agent": json.dumps({"mbox": "mailto:ann@example.org"})},
        {"agent": json.dumps({"mbox": "mailto:ann@example.org"}), "related_agents": "true", "verb": statement()["verb"]["id"]},
    ],
)
async def test_long_statements_stand_on_more_pages(
    client: Client, monkeypatch: pytest.MonkeyPatch, asked: dict[str, str], ascending: str
) -> None:
    monkeypatch.setattr(store_module, "LONG_BYTES", 50_000)
    lengths = (10, 40_000, 60_000, 90_000, 10, 10, 40_000, 40_000, 200_000)
    ids = await store(client, *(statement(result={"response": "x" * length}) for length in lengths))

    first = await client.get(ascending=ascending, **asked)
    found = await follow(client, first)

    assert found == (ids if ascending == "true" else ids[::-1])
    assert len(first.json()["statements"]) == (3 if ascending == "true" else 1)


async def test_a_page_that_is_filled_by_the_last_statement_has_none_behind_it(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "LONG_BYTES", 50_000)
    await store(client, statement(), statement(result={"response": "x" * 60_000}))

    page = await client.get(ascending="true")

    assert (len(page.json()["statements"]), page.json()["more"]) == (2, "")

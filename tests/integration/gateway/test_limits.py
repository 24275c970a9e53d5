"""How often a credential may ask, and an address guess (draft-ietf-httpapi-ratelimit-headers-11)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from services.gateway.domain.credential import Scope, ShownKey
from shared.settings import PostgresSettings
from tests.support.gateway import VERSION, Doors, basic, eventually, open_doors, settings_of, statement


@pytest.fixture
async def strict(postgres_settings: PostgresSettings) -> AsyncIterator[Doors]:
    """A gateway that takes three requests a minute of each credential, and five refused keys of each address."""
    async with open_doors(settings_of(postgres_settings, requests_per_minute=3, refusals_per_minute=5)) as opened:
        yield opened


async def ask(doors: Doors, authorization: str, address: str = "192.0.2.1") -> httpx.Response:
    transport = httpx.ASGITransport(doors.app, client=(address, 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
        return await http.get("/xapi/statements", headers={**VERSION, "Authorization": authorization})


async def test_who_asks_too_often_is_told_when_to_come_back(strict: Doors) -> None:
    client = await strict.client()

    answers = [await client.post(statement()) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["ratelimit-policy"] for answer in answers] == ['"default";q=3;w=60'] * 4
    assert [answer.headers["ratelimit"].partition(";t=")[0] for answer in answers] == [
        f'"default";r={left}' for left in (2, 1, 0, 0)
    ]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 20
    assert answers[-1].headers["content-type"] == "application/problem+json"
    assert answers[-1].headers["x-experience-api-version"] == "1.0.3"
    assert 'requests_limited_total{limit="credential"} 1.0' in (await strict.http.get("/metrics")).text
    await eventually(lambda: strict.issuer.refused(client.key.key_id))
    assert [(one.status, one.reason) for one in await strict.issuer.refused(client.key.key_id)] == [(429, "too-many-requests")]


async def test_one_credentials_limit_is_no_others(strict: Doors) -> None:
    busy, other = await strict.client(), await strict.client()
    for _ in range(4):
        await busy.get()

    assert (await other.get()).status_code == 200


async def test_a_credential_can_have_a_limit_of_its_own_or_none(strict: Doors) -> None:
    one, unlimited = await strict.client(requests_per_minute=1), await strict.client(requests_per_minute=0)

    assert [(await one.get()).status_code for _ in range(2)] == [200, 429]
    answers = [await unlimited.get() for _ in range(10)]
    assert {answer.status_code for answer in answers} == {200}
    assert all("ratelimit" not in answer.headers for answer in answers)


async def test_a_limit_can_be_changed_while_the_gateway_runs(strict: Doors) -> None:
    client = await strict.client()
    assert [(await client.get()).status_code for _ in range(4)] == [200, 200, 200, 429]

    await strict.issuer.edit(client.key.key_id, requests_per_minute=0)

    async def free() -> bool:
        return (await client.get()).status_code == 200

    await eventually(free)


async def test_no_limit_is_the_default(doors: Doors) -> None:
    client = await doors.client()

    answer = await client.get()

    assert answer.status_code == 200
    assert "ratelimit-policy" not in answer.headers


async def test_tokens_count_with_their_credential(strict: Doors) -> None:
    key = await strict.key()

    answers = [
        await strict.http.post("/oauth/token", data={"grant_type": "client_credentials"}, headers={"Authorization": basic(key)})
        for _ in range(4)
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]


async def test_who_guesses_keys_is_slowed_down_and_who_has_one_is_not(strict: Doors) -> None:
    key = await strict.key(requests_per_minute=0)
    wrong = basic(ShownKey(key.key_id, "wrong"))
    assert (await ask(strict, basic(key))).status_code == 200

    guesses = [await ask(strict, wrong) for _ in range(7)]
    right = await ask(strict, basic(key))
    elsewhere = await ask(strict, wrong, "192.0.2.2")

    assert [guess.status_code for guess in guesses] == [401] * 5 + [429] * 2
    assert int(guesses[-1].headers["retry-after"]) > 0
    assert (right.status_code, elsewhere.status_code) == (200, 401)
    assert 'requests_limited_total{limit="address"} 2.0' in (await strict.http.get("/metrics")).text


async def test_an_ipv6_network_is_one_address(strict: Doors) -> None:
    for number in range(5):
        assert (await ask(strict, "Bearer symposia_a_b", f"2001:db8::{number}")).status_code == 401

    assert (await ask(strict, "Bearer symposia_a_b", "2001:db8::ffff")).status_code == 429
    assert (await ask(strict, "Bearer symposia_a_b", "2001:db8:0:1::1")).status_code == 401


async def test_a_request_without_any_key_is_no_guess(strict: Doors) -> None:
    answers = [await strict.http.get("/xapi/statements", headers=VERSION) for _ in range(8)]

    assert {answer.status_code for answer in answers} == {401}


async def test_a_known_key_without_the_scope_is_no_guess(strict: Doors) -> None:
    client = await strict.client(Scope.STATEMENTS_WRITE, requests_per_minute=0)

    assert {(await client.get()).status_code for _ in range(8)} == {403}

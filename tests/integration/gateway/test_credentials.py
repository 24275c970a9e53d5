"""Keys at the door: shown, refused, rotated, revoked, and what an operator sees of it."""

from __future__ import annotations

import base64

import httpx
import pytest

from services.gateway.credentials.issuing import NotIssued
from services.gateway.domain.credential import KeyId, Scope, ShownKey
from shared.clock import utc_now
from shared.postgres import Query
from tests.support.gateway import VERSION, Client, Doors, basic, eventually, later, statement

EVERYTHING: Query = Query(
    "SELECT string_agg(t::text, ' ') FROM (SELECT c::text t FROM credential c UNION SELECT s::text FROM credential_secret s) x"
)


async def ask(doors: Doors, authorization: str | None) -> httpx.Response:
    headers = {**VERSION, **({"Authorization": authorization} if authorization is not None else {})}
    return await doors.http.get("/xapi/statements", headers=headers)


async def works(doors: Doors, key: ShownKey) -> bool:
    return (await ask(doors, basic(key))).status_code == 200


async def test_a_new_key_works_at_once_as_basic_and_as_bearer(doors: Doors) -> None:
    key = await doors.key()

    assert await works(doors, key)
    assert (await ask(doors, f"bearer {key.token}")).status_code == 200


async def test_every_refused_key_gets_the_same_answer(doors: Doors) -> None:
    key, expired, revoked = await doors.key(), await doors.key(expires_at=later(seconds=-1)), await doors.key()
    await doors.issuer.revoke(revoked.key_id, utc_now())
    shown = [
        None,
        "",
        "Basic",
        "Basic %%%",
        "Basic " + base64.b64encode(b"no colon").decode(),
        "Basic " + base64.b64encode(b"\xff:\x00").decode(),
        "Digest abc",
        f"Bearer {key.key_id}",
        f"Bearer {key.token}x",
        "Bearer " + "x" * 5000,
        basic(ShownKey(key.key_id, "wrong")),
        basic(ShownKey(KeyId("unknown"), key.secret)),
        basic(ShownKey(KeyId("\x00"), "\x00")),
        basic(expired),
        basic(revoked),
    ]

    answers = [await ask(doors, authorization) for authorization in shown]

    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert all(answer.headers["www-authenticate"].startswith('Basic realm="Symposia"') for answer in answers)


async def test_after_a_rotation_both_secrets_work_until_the_old_one_ends(doors: Doors) -> None:
    old = await doors.key()
    new = await doors.issuer.rotate(old.key_id, utc_now(), later(hours=1))
    assert new is not None

    assert await works(doors, new)
    assert await works(doors, old)

    newest = await doors.issuer.rotate(old.key_id, utc_now(), later(seconds=-1))
    assert newest is not None
    assert await works(doors, newest)
    assert not await works(doors, new)
    assert not await works(doors, old)


async def test_a_revoked_key_stops_working_within_the_refresh_interval(doors: Doors) -> None:
    key = await doors.key()
    assert await works(doors, key)

    assert await doors.issuer.revoke(key.key_id, utc_now())

    async def refused() -> bool:
        return not await works(doors, key)

    await eventually(refused, 5.0)
    assert await doors.issuer.rotate(key.key_id, utc_now(), later(hours=1)) is None


async def test_no_secret_is_kept(doors: Doors) -> None:
    key = await doors.key()
    await doors.issuer.rotate(key.key_id, utc_now(), later(hours=1))

    kept = await doors.database.fetchval(EVERYTHING)

    assert key.key_id in kept
    assert key.secret not in kept
    assert key.secret.encode().hex() not in kept


async def test_last_use_is_seen_in_the_list(doors: Doors) -> None:
    used, unused = await doors.key(), await doors.key()
    assert await works(doors, used)

    async def noted() -> bool:
        return {one.credential.key_id: one.last_used_at is not None for one in await doors.issuer.issued()}[used.key_id]

    await eventually(noted)
    last = {one.credential.key_id: one.last_used_at for one in await doors.issuer.issued()}
    assert last[unused.key_id] is None


async def test_the_operator_sees_why_keys_were_refused(doors: Doors) -> None:
    key = await doors.key(Scope.STATEMENTS_READ)
    await ask(doors, basic(ShownKey(key.key_id, "wrong")))
    await ask(doors, basic(ShownKey(KeyId("nobody"), "wrong")))
    await ask(doors, None)

    async def written() -> bool:
        return len(await doors.issuer.refused(None)) == 2 and len(await doors.issuer.refused(key.key_id)) == 1

    await eventually(written)
    assert [one.reason for one in await doors.issuer.refused(key.key_id)] == ["wrong-secret"]
    assert {one.reason for one in await doors.issuer.refused(None)} == {"unknown-key", "no-key"}


async def test_only_the_last_refusals_are_kept(doors: Doors) -> None:
    for authorization in [basic(ShownKey(KeyId("nobody"), "wrong"))] * 10 + [None] * 50:
        await ask(doors, authorization)

    async def settled() -> bool:
        return [one.reason for one in await doors.issuer.refused(None)] == ["no-key"] * 50

    await eventually(settled)


async def test_the_authority_can_be_another_agent(doors: Doors) -> None:
    moodle = {"name": "Moodle", "mbox": "mailto:moodle@example.org"}
    client = await doors.client(authority=moodle)
    sent = statement()

    await client.post(sent)

    assert (await client.get(statementId=sent["id"])).json()["authority"] == moodle


@pytest.mark.parametrize(
    "authority",
    [
        {"name": "nobody"},
        {"objectType": "Group", "mbox": "mailto:a@b.org"},
        {"mbox": "a"},
        {"name": "n" * 1000, "mbox": "mailto:a@b.org"},
    ],
)
async def test_an_authority_is_one_agent(doors: Doors, authority: dict[str, str]) -> None:
    with pytest.raises(NotIssued):
        await doors.issuer.issue("x", [Scope.ALL], utc_now(), authority=authority)


async def test_a_key_counts_and_is_seen_in_metrics_by_reason_only(doors: Doors, client: Client) -> None:
    await ask(doors, None)
    await client.post(statement())

    metrics = (await doors.http.get("/metrics")).text

    assert 'symposia_gateway_keys_refused_total{reason="no-key"} 1.0' in metrics
    assert 'symposia_gateway_statements_total{outcome="accepted"} 1.0' in metrics
    assert client.key.key_id not in metrics

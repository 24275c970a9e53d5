"""Where we connect to, whom we say we are, and what an operator does."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.gateway.forwarding.target import BadTarget, Basic, ClientCredentials, ForwardingVault, TargetName, UnknownTarget
from services.gateway.forwarding.targets import Targets
from services.gateway.forwarding.trial import try_target
from shared.clock import utc_now
from shared.http.addresses import trust
from shared.settings import PostgresSettings
from shared.vault import Sealed
from tests.support.certificates import self_signed, server_side
from tests.support.forwarding import (
    IDS,
    OTHER,
    VAULT,
    add,
    failed,
    forwarding,
    record,
    standing,
    target,
    until_settled,
)
from tests.support.gateway import eventually
from tests.support.lrs import Lrs
from tests.support.scripted import Reply, ScriptedLrs, scripted_lrs


async def test_tls_is_verified_for_the_name(
    lrs: Lrs, targets: Targets, postgres_settings: PostgresSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificates = [self_signed(name, tmp_path) for name in ("localhost", "elsewhere.example")]
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(b"".join(certificate.read_bytes() for certificate in certificates))
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    async with scripted_lrs(server_side(certificates[0])) as known, scripted_lrs(server_side(certificates[1])) as other:
        trust.cache_clear()
        await targets.add(target(known.url, "known"), utc_now())
        await add(targets, other)
        await record(lrs, 0)
        async with forwarding(postgres_settings):
            await until_settled(targets, "known")
            await eventually(lambda: failed(targets, 1))
            seen = await standing(targets)
    trust.cache_clear()

    assert list(known.statements) == IDS[:1]
    assert "Hostname mismatch" in (seen.last_failure or "")
    assert other.requests == []


async def test_oauth_asks_for_one_token_and_for_another_when_it_is_refused(
    lrs: Lrs, targets: Targets, other: ScriptedLrs, postgres_settings: PostgresSettings
) -> None:
    tokens = deque([b"first", b"second"])

    def answer(asked: Any) -> Reply | None:
        if asked.path == "/token":
            return Reply(body=b'{"access_token": "%b", "expires_in": 3600}' % tokens.popleft())
        return Reply(401) if asked.headers["authorization"] == "Bearer first" and len(other.requests) > 2 else None

    other.answer = answer
    client = ClientCredentials(other.url.replace("xapi", "token"), "client", "hush", "statements/write")
    await add(targets, other, authentication=client)
    await record(lrs, *range(60))

    async with forwarding(postgres_settings):
        await until_settled(targets)

    asked = [(each.path, each.headers["authorization"]) for each in other.requests]
    assert asked == [
        ("/token", "Basic Y2xpZW50Omh1c2g="),
        ("/xapi/statements", "Bearer first"),
        ("/xapi/statements", "Bearer first"),
        ("/token", "Basic Y2xpZW50Omh1c2g="),
        ("/xapi/statements", "Bearer second"),
    ]
    assert other.requests[0].body == b"grant_type=client_credentials&scope=statements%2Fwrite"
    assert len(other.statements) == 60


async def test_a_private_address_is_used_only_where_the_operator_allows_it(
    lrs: Lrs, targets: Targets, other: ScriptedLrs, postgres_settings: PostgresSettings
) -> None:
    await targets.add(target(other.url.replace("http:", "https:"), private_network=False), utc_now())
    await record(lrs, 0)

    async with forwarding(postgres_settings):
        await eventually(lambda: failed(targets, 1))
        seen = await standing(targets)

    assert seen.last_failure == "127.0.0.1 is an address of a private network, which may not be used"
    assert other.requests == []


async def test_secrets_are_sealed_for_their_target(lrs: Lrs, targets: Targets, other: ScriptedLrs) -> None:
    await add(targets, other)
    found = await targets.find(OTHER)

    assert b"secret" not in found.sealed
    with pytest.raises(Sealed):
        VAULT.open_for(TargetName("another"), found.sealed)


async def test_a_rotated_secret_is_shown(
    lrs: Lrs, targets: Targets, other: ScriptedLrs, postgres_settings: PostgresSettings
) -> None:
    await add(targets, other)
    await targets.rotate(OTHER, Basic("key", "newer"))
    await record(lrs, 0)

    async with forwarding(postgres_settings):
        await until_settled(targets)

    assert other.requests[0].headers["authorization"] == "Basic a2V5Om5ld2Vy"


async def test_a_target_whose_secret_cannot_be_opened_any_more_is_shown_another(
    lrs: Lrs, targets: Targets, other: ScriptedLrs
) -> None:
    await add(targets, other, authentication=ClientCredentials("https://lrs.example/token", "ours", "secret", ""))
    vault = ForwardingVault((AESGCM(bytes(32)),))
    with_another_key = Targets(lrs.database, vault)

    await with_another_key.rotate(OTHER, Basic("key", "newer"))
    basic = vault.open_for(OTHER, (await targets.find(OTHER)).sealed)
    await with_another_key.rotate(OTHER, Basic("key", "newer"), "https://lrs.example/token", "all")
    oauth = vault.open_for(OTHER, (await targets.find(OTHER)).sealed)

    assert basic == Basic("key", "newer")
    assert oauth == ClientCredentials("https://lrs.example/token", "key", "newer", "all")
    with pytest.raises(BadTarget):
        await with_another_key.rotate(OTHER, Basic("key", "newer"), "lrs.example")


async def test_a_removed_target_leaves_nothing_and_an_unknown_one_is_told(targets: Targets, other: ScriptedLrs) -> None:
    await add(targets, other)
    with pytest.raises(BadTarget):
        await add(targets, other)
    await targets.remove(OTHER)

    assert await targets.standings() == []
    with pytest.raises(UnknownTarget):
        await targets.pause(OTHER)
    with pytest.raises(UnknownTarget):
        await targets.letters(OTHER, 1)


async def test_a_trial_tells_whether_the_key_may_write_and_stores_nothing(targets: Targets, other: ScriptedLrs) -> None:
    await add(targets, other)
    found = await targets.find(OTHER)

    said = await try_target(found, VAULT, utc_now)
    other.script = deque([Reply(body=b'{"version": ["1.0.3"]}'), Reply(401, b"who are you?")])
    with pytest.raises(BadTarget, match="does not let us write statements: 401 who are you"):
        await try_target(found, VAULT, utc_now)

    assert said[0].endswith("speaks xAPI 1.0.3, 2.0.0.")
    assert other.statements == {}


async def test_a_trial_goes_on_where_an_lrs_says_nothing_about_itself_and_ends_at_what_is_none(
    targets: Targets, other: ScriptedLrs
) -> None:
    """1.0.3 Communication §2.8 wants an about resource; Ralph has none, and refuses with 422."""
    await add(targets, other)
    found = await targets.find(OTHER)

    other.script = deque([Reply(404, b"{}"), Reply(422, b'{"detail": []}')])
    said = await try_target(found, VAULT, utc_now)
    other.script = deque([Reply(404, b"{}"), Reply(404, b"{}")])
    with pytest.raises(BadTarget, match="is this the address before /statements"):
        await try_target(found, VAULT, utc_now)

    assert said[0].endswith("does not say which versions of xAPI it speaks.")

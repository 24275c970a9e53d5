from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.domain.credential import (
    Credential,
    KeyId,
    Refused,
    Scope,
    SecretDigest,
    ShownKey,
    ShownToken,
    judge,
    mint,
    read_authorization,
)
from services.gateway.domain.keychain import Keychain

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
LATER, EARLIER = NOW + timedelta(hours=1), NOW - timedelta(hours=1)
KEYCHAIN = Keychain.of(bytes(range(32)))
KEY = ShownKey(KeyId("zow7f34pfv4nj4rg"), "mo56smy7t5df52u53cgdpsxykooxwcr4")


def credential(*scopes: Scope, secrets: tuple[SecretDigest, ...] = (), **changes: datetime | None) -> Credential:
    kept = secrets or (SecretDigest(KEYCHAIN.digest(KEY.secret)),)
    return Credential(KEY.key_id, "test", frozenset(scopes), b"{}", "mbox::mailto:a@b.org", kept, **changes)  # type: ignore[arg-type]


def basic(text: bytes) -> str:
    return "Basic " + base64.b64encode(text).decode()


WELL_SHOWN = basic(f"{KEY.key_id}:{KEY.secret}".encode())


@pytest.mark.parametrize(
    "header",
    [WELL_SHOWN, WELL_SHOWN.replace("Basic ", "BASIC  ") + " ", f"Bearer {KEY.token}", f"bearer  {KEY.token} "],
    ids=["basic", "basic in capitals among spaces", "bearer", "bearer in small letters among spaces"],
)
def test_a_key_is_read_from_basic_and_bearer(header: str) -> None:
    assert read_authorization(header) == KEY


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic !",
        basic(b"key"),
        basic(b":secret"),
        basic(b"key:"),
        basic(b"\xff:x"),
        WELL_SHOWN.replace("Basic ", "Basic !"),
        "Bearer symposia_a",
        "Bearer symposia__secret",
        "Bearer symposia_key_",
        KEY.token.replace("symposia", "Bearer other"),
        "Digest x",
        "x" * 2000,
    ],
)
def test_anything_else_is_malformed(header: str) -> None:
    assert read_authorization(header) is Refused.MALFORMED


def test_a_header_may_be_as_long_as_a_kilobyte() -> None:
    header = f"Bearer {KEY.token}"

    assert read_authorization(header + "x" * (1024 - len(header))) == ShownKey(
        KEY.key_id, KEY.secret + "x" * (1024 - len(header))
    )
    assert read_authorization(header + "x" * (1025 - len(header))) is Refused.MALFORMED


def test_what_looks_like_a_jwt_is_an_access_token() -> None:
    assert read_authorization("Bearer a.b.c") == ShownToken("a.b.c")


@pytest.mark.parametrize("header", [None, ""])
def test_no_header_is_no_key(header: str | None) -> None:
    assert read_authorization(header) is Refused.NO_KEY


def test_a_minted_key_is_random_and_found_by_scanners() -> None:
    keys = [mint() for _ in range(100)]

    assert len({key.key_id for key in keys}) == len({key.secret for key in keys}) == 100
    assert all(key.token.startswith("symposia_") and len(key.secret) == 32 for key in keys)


@pytest.mark.parametrize(
    ("granted", "permitted"),
    [
        (Scope.STATEMENTS_WRITE, {Scope.STATEMENTS_WRITE}),
        (Scope.STATEMENTS_READ_MINE, {Scope.STATEMENTS_READ_MINE}),
        (Scope.STATEMENTS_READ, {Scope.STATEMENTS_READ, Scope.STATEMENTS_READ_MINE}),
        (Scope.DEFINE, {Scope.DEFINE}),
        (Scope.STATE, {Scope.STATE, Scope.STATE_READ}),
        (Scope.PROFILE, {Scope.PROFILE, Scope.PROFILE_READ}),
        (
            Scope.ALL_READ,
            {Scope.ALL_READ, Scope.STATEMENTS_READ, Scope.STATEMENTS_READ_MINE, Scope.STATE_READ, Scope.PROFILE_READ},
        ),
        (Scope.ALL, set(Scope) - {Scope.IMPACT_READ, Scope.IMPACT_WRITE, Scope.SOURCES_READ}),
        (Scope.IMPACT_READ, {Scope.IMPACT_READ}),
        (Scope.IMPACT_WRITE, {Scope.IMPACT_WRITE}),
        (Scope.SOURCES_READ, {Scope.SOURCES_READ}),
    ],
)
def test_a_scope_contains_no_more_than_it_says(granted: Scope, permitted: set[Scope]) -> None:
    assert {scope for scope in Scope if credential(granted).permits(scope)} == permitted


@pytest.mark.parametrize(
    ("known", "secret", "refused"),
    [
        (credential(), KEY.secret, None),
        (credential(expires_at=LATER), KEY.secret, None),
        (None, KEY.secret, Refused.UNKNOWN_KEY),
        (credential(), KEY.secret + "x", Refused.WRONG_SECRET),
        (credential(expires_at=NOW), KEY.secret, Refused.EXPIRED),
        (credential(revoked_at=EARLIER), KEY.secret, Refused.REVOKED),
        (credential(revoked_at=EARLIER), "wrong", Refused.WRONG_SECRET),
        (credential(secrets=(SecretDigest(KEYCHAIN.digest("old"), EARLIER),)), "old", Refused.SECRET_EXPIRED),
    ],
    ids=["good", "not expired yet", "unknown", "wrong", "expired", "revoked", "revoked and wrong", "rotated away"],
)
def test_a_key_is_refused_for_a_reason(known: Credential | None, secret: str, refused: Refused | None) -> None:
    assert judge(known, KEYCHAIN.digests(secret), NOW) is refused


def test_two_secrets_are_valid_at_a_time() -> None:
    both = credential(secrets=(SecretDigest(KEYCHAIN.digest("old"), LATER), SecretDigest(KEYCHAIN.digest("new"))))

    assert judge(both, KEYCHAIN.digests("old"), NOW) is None
    assert judge(both, KEYCHAIN.digests("new"), NOW) is None
    assert judge(both, KEYCHAIN.digests("old"), LATER) is Refused.SECRET_EXPIRED


def test_a_secret_that_is_kept_twice_opens_while_one_of_them_is_valid() -> None:
    digest = KEYCHAIN.digest(KEY.secret)

    assert (
        judge(credential(secrets=(SecretDigest(digest, EARLIER), SecretDigest(digest))), KEYCHAIN.digests(KEY.secret), NOW)
        is None
    )


def test_a_secret_hashed_before_the_master_key_changed_still_opens() -> None:
    rotated = Keychain.of(bytes(32), bytes(range(32)))

    assert judge(credential(), rotated.digests(KEY.secret), NOW) is None
    assert judge(credential(), Keychain.of(bytes(32)).digests(KEY.secret), NOW) is Refused.WRONG_SECRET


def test_the_keys_of_two_uses_differ() -> None:
    assert len({*KEYCHAIN.peppers, *KEYCHAIN.cursor_keys, *KEYCHAIN.token_keys}) == 3


def test_a_keychain_shows_nothing_of_itself() -> None:
    assert "\\x" not in repr(KEYCHAIN)


def test_a_shown_key_writes_itself_in_one_word() -> None:
    assert read_authorization(f"Bearer {ShownKey(KEY.key_id, KEY.secret).token}") == KEY


@given(st.text(max_size=80) | st.builds("{} {}".format, st.sampled_from(("Basic", "bearer", "Bearer")), st.text(max_size=60)))
def test_any_header_is_read_or_refused(header: str) -> None:
    assert isinstance(read_authorization(header), ShownKey | ShownToken | Refused)


@given(st.binary(max_size=40))
def test_any_user_and_password_are_a_key_or_malformed(pair: bytes) -> None:
    shown = read_authorization(basic(pair))

    assert isinstance(shown, ShownKey) or shown is Refused.MALFORMED

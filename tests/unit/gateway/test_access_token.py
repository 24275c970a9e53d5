"""Access tokens (RFC 9068): what is signed is read, whatever else is shown is refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey

from services.gateway.domain.access_token import HEADER, AccessToken, as_client, judge, read, sign
from services.gateway.domain.credential import Credential, KeyId, Refused, Scope
from services.gateway.domain.keychain import Keychain
from shared.xapi import ifi

ISSUER = "https://symposia.example/lrs"
ENDPOINT = f"{ISSUER}/oauth/token"
KEYCHAIN = Keychain.of(bytes(range(32)))
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
KEY_ID = KeyId("a" * 16)
TOKEN = AccessToken(KEY_ID, frozenset({Scope.STATEMENTS_WRITE}), NOW + timedelta(hours=1))
DEFAULT_AUTHORITY = {"objectType": "Agent", "account": {"homePage": ISSUER, "name": KEY_ID}}


def credential(*scopes: Scope, authority: dict[str, object] | None = None, **changes: datetime) -> Credential:
    agent = authority or DEFAULT_AUTHORITY
    name = ifi.canonical(agent) or ""
    return Credential(KEY_ID, "test", frozenset(scopes), orjson.dumps(agent), name, (), **changes)  # type: ignore[arg-type]


def forged(claims: dict[str, object], *, typ: str = "at+jwt", key: bytes | None = None) -> str:
    whole = {"iss": ISSUER, "aud": ISSUER, "sub": KEY_ID, "exp": 1_800_000_000, "scope": "all", **claims}
    return jwt.encode({"alg": "HS256", "typ": typ}, whole, OctKey.import_key(key or KEYCHAIN.token_keys[0]))


def test_a_token_is_read_as_it_was_signed() -> None:
    assert read(sign(TOKEN, ISSUER, KEYCHAIN, NOW), ISSUER, KEYCHAIN) == TOKEN


def test_a_token_carries_every_scope_rfc_9068_2_2_3() -> None:
    token = AccessToken(KEY_ID, frozenset(Scope), TOKEN.expires_at)

    assert read(sign(token, ISSUER, KEYCHAIN, NOW), ISSUER, KEYCHAIN) == token


def test_a_token_signed_before_the_master_key_changed_is_read_and_one_of_two_changes_ago_is_not() -> None:
    signed = sign(TOKEN, ISSUER, KEYCHAIN, NOW)

    assert read(signed, ISSUER, Keychain.of(bytes(32), bytes(range(32)))) == TOKEN
    assert read(signed, ISSUER, Keychain.of(bytes(32))) is Refused.BAD_TOKEN


def test_two_tokens_are_never_the_same() -> None:
    assert sign(TOKEN, ISSUER, KEYCHAIN, NOW) != sign(TOKEN, ISSUER, KEYCHAIN, NOW)


@pytest.mark.parametrize(
    "text",
    [
        forged({"iss": "https://elsewhere.example"}),
        forged({"aud": "https://elsewhere.example"}),
        forged({"exp": "never"}),
        forged({"exp": 1e30}),
        forged({"exp": None}),
        forged({"scope": 1}),
        forged({}, typ="JWT"),
        forged({}, key=KEYCHAIN.cursor_keys[0]),
        "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.e30.",
        "a.b.c",
        "..",
    ],
    ids=[
        "another issuer", "another audience", "no time", "a time after all", "null", "no list of scopes", "another type",
        "another key of ours", "unsigned", "no base64", "nothing",
    ],
)  # fmt: skip
def test_what_is_no_token_of_ours_is_refused(text: str) -> None:
    assert read(text, ISSUER, KEYCHAIN) is Refused.BAD_TOKEN


@given(
    header=st.sampled_from([b"[]", b"1", b"null", b'{"alg":1}', b'{"alg":["HS256"]}', b'{"alg":"HS256","crit":[[]]}', b"\xff"])
    | st.just(b'{"typ":"at+jwt","alg":"HS256"}'),
    payload=st.sampled_from([b"{}", b"[]", b"1", b"\xff", b"[" * 300]),
    signature=st.text("AZaz09-_=*", max_size=44),
)
def test_any_header_and_any_payload_that_is_not_ours_is_refused_and_never_an_error(
    header: bytes, payload: bytes, signature: str
) -> None:
    parts = [base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (header, payload)]

    assert read(".".join([*parts, signature]), ISSUER, KEYCHAIN) is Refused.BAD_TOKEN


@pytest.mark.parametrize("payload", [b"[]", b"1", b"null", b"\xff", b"", b'{"iss":1}'])
def test_even_with_our_signature_anything_but_claims_is_refused(payload: bytes) -> None:
    signed = f"{HEADER}.{base64.urlsafe_b64encode(payload).decode().rstrip('=')}"
    signature = hmac.new(KEYCHAIN.token_keys[0], signed.encode(), hashlib.sha256).digest()

    text = f"{signed}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"

    assert read(text, ISSUER, KEYCHAIN) is Refused.BAD_TOKEN


@given(st.text(max_size=60) | st.builds("{}.{}.{}".format, *[st.text(max_size=20)] * 3))
def test_any_text_is_refused_and_never_an_error(text: str) -> None:
    assert read(text, ISSUER, KEYCHAIN) is Refused.BAD_TOKEN


@given(st.data())
def test_a_token_with_one_character_changed_is_refused_or_means_the_same(data: st.DataObject) -> None:
    signed = sign(TOKEN, ISSUER, KEYCHAIN, NOW)
    at = data.draw(st.integers(0, len(signed) - 1))
    changed = signed[:at] + data.draw(st.sampled_from("ABab01-_.=")) + signed[at + 1 :]

    assert read(changed, ISSUER, KEYCHAIN) in {Refused.BAD_TOKEN, TOKEN}


def test_a_scope_of_a_newer_version_is_left_out() -> None:
    token = read(forged({"scope": "statements/write tea/make"}), ISSUER, KEYCHAIN)

    assert isinstance(token, AccessToken)
    assert token.scopes == {Scope.STATEMENTS_WRITE}


@pytest.mark.parametrize(
    ("known", "now", "refused"),
    [
        (credential(Scope.ALL), NOW, None),
        (credential(Scope.ALL), TOKEN.expires_at, Refused.TOKEN_EXPIRED),
        (None, NOW, Refused.UNKNOWN_KEY),
        (credential(Scope.ALL, revoked_at=NOW), NOW, Refused.REVOKED),
        (credential(Scope.ALL, expires_at=NOW), NOW, Refused.EXPIRED),
    ],
    ids=["good", "past its end", "of nobody", "of a revoked credential", "of an expired credential"],
)
def test_a_token_ends_by_itself_and_with_its_credential(known: Credential | None, now: datetime, refused: Refused | None) -> None:
    assert judge(TOKEN, known, now) is refused


def test_a_token_permits_what_both_it_and_its_credential_permit() -> None:
    token = AccessToken(KEY_ID, frozenset({Scope.STATEMENTS_WRITE, Scope.STATEMENTS_READ}), NOW)

    assert as_client(credential(Scope.ALL), token, ISSUER, ENDPOINT).scopes == token.scopes
    assert as_client(credential(Scope.ALL_READ), token, ISSUER, ENDPOINT).scopes == {Scope.STATEMENTS_READ}
    assert not as_client(credential(Scope.ALL), token, ISSUER, ENDPOINT).permits(Scope.ALL)


def test_the_authority_of_an_oauth_client_is_an_account_at_the_token_endpoint_1_0_3_data_2_4_9() -> None:
    client = as_client(credential(Scope.ALL), TOKEN, ISSUER, ENDPOINT)

    assert orjson.loads(client.authority) == {"objectType": "Agent", "account": {"homePage": ENDPOINT, "name": KEY_ID}}
    assert client.authority_ifi == f"account::{KEY_ID}@{ENDPOINT}"


def test_an_authority_that_the_operator_chose_stays() -> None:
    chosen = credential(Scope.ALL, authority={"mbox": "mailto:lms@example.org"})

    assert as_client(chosen, TOKEN, ISSUER, ENDPOINT).authority == chosen.authority

"""Requests for access tokens (RFC 6749 §2.3.1, §3.3, §4.4.2, §5.2)."""

from __future__ import annotations

import base64
from contextlib import suppress
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.domain.credential import Credential, KeyId, Refused, Scope, ShownKey
from services.gateway.domain.token_request import TokenError, TokenRefused, TokenRequest, granted, read_token_request
from shared.media_types import FORM_TYPE

KEY = ShownKey(KeyId("id"), "secret")
BASIC = "Basic " + base64.b64encode(b"id:secret").decode()
GRANT = {"grant_type": "client_credentials"}


def asked(authorization: str | None = None, content_type: str = FORM_TYPE, **fields: str) -> TokenRequest:
    return read_token_request(content_type, authorization, urlencode({**GRANT, **fields}).encode())


def credential(*scopes: Scope) -> Credential:
    return Credential(KEY.key_id, "test", frozenset(scopes), b"{}", "mbox::mailto:a@b.org", ())


def test_a_client_authenticates_in_the_header_or_in_the_form() -> None:
    assert asked(BASIC) == TokenRequest(KEY, None)
    assert asked(BASIC, client_id="id", scope="all") == TokenRequest(KEY, "all")
    assert asked(client_id="id", client_secret="secret") == TokenRequest(KEY, None)
    assert asked(BASIC, f"{FORM_TYPE}; charset=UTF-8") == TokenRequest(KEY, None)


@pytest.mark.parametrize(
    "request_", [asked(), asked(client_id="id"), asked("Bearer symposia_a_b"), asked("Bearer a.b.c"), asked("Basic !")]
)
def test_a_client_that_does_not_authenticate_is_nobody(request_: TokenRequest) -> None:
    assert isinstance(request_.shown, Refused)


@pytest.mark.parametrize(
    ("authorization", "content_type", "body", "error"),
    [
        (BASIC, "application/json", b"{}", TokenError.INVALID_REQUEST),
        (BASIC, FORM_TYPE, b"", TokenError.INVALID_REQUEST),
        (BASIC, FORM_TYPE, b"grant_type=", TokenError.INVALID_REQUEST),
        (BASIC, FORM_TYPE, b"grant_type=password", TokenError.UNSUPPORTED_GRANT_TYPE),
        (BASIC, FORM_TYPE, b"grant_type=client_credentials&grant_type=client_credentials", TokenError.INVALID_REQUEST),
        (BASIC, FORM_TYPE, b"grant_type=client_credentials&client_id=id&client_secret=secret", TokenError.INVALID_REQUEST),
        (BASIC, FORM_TYPE, b"grant_type=client_credentials&client_id=other", TokenError.INVALID_REQUEST),
        (BASIC, FORM_TYPE, b"grant_type=\xff", TokenError.INVALID_REQUEST),
        (BASIC, FORM_TYPE, b"a=1&" * 30, TokenError.INVALID_REQUEST),
    ],
)
def test_what_is_no_request_is_refused_with_the_error_of_rfc_6749(
    authorization: str, content_type: str, body: bytes, error: TokenError
) -> None:
    with pytest.raises(TokenRefused) as refused:
        read_token_request(content_type, authorization, body)

    assert refused.value.error is error


@given(st.binary(max_size=200), st.text(max_size=40), st.none() | st.text(max_size=60))
def test_any_bytes_are_a_request_or_refused(body: bytes, content_type: str, authorization: str | None) -> None:
    for kind in (content_type, FORM_TYPE):
        with suppress(TokenRefused):
            assert isinstance(read_token_request(kind, authorization, body), TokenRequest)


@pytest.mark.parametrize(
    ("has", "scope", "gets"),
    [
        ({Scope.ALL}, None, {Scope.STATEMENTS_WRITE, Scope.STATEMENTS_READ_MINE}),
        ({Scope.STATEMENTS_WRITE}, None, {Scope.STATEMENTS_WRITE}),
        ({Scope.ALL}, "statements/write  define", {Scope.STATEMENTS_WRITE, Scope.DEFINE}),
        ({Scope.ALL}, "all", {Scope.ALL}),
        ({Scope.STATEMENTS_READ}, "statements/read/mine", {Scope.STATEMENTS_READ_MINE}),
        ({Scope.STATEMENTS_WRITE, Scope.DEFINE}, "xapi:write", {Scope.STATEMENTS_WRITE, Scope.DEFINE}),
        ({Scope.STATEMENTS_READ_MINE}, "xapi:read", {Scope.STATEMENTS_READ_MINE}),
        ({Scope.IMPACT_READ}, "impact/read", {Scope.IMPACT_READ}),
    ],
)
def test_a_client_gets_the_scopes_it_asks_for(has: set[Scope], scope: str | None, gets: set[Scope]) -> None:
    assert granted(credential(*has), scope) == gets


@pytest.mark.parametrize(
    ("has", "scope"),
    [
        ({Scope.STATEMENTS_WRITE}, "all"),
        ({Scope.STATEMENTS_WRITE}, "statements/write statements/read"),
        ({Scope.ALL}, "impact/read"),
        ({Scope.ALL}, "tea/make"),
        ({Scope.IMPACT_READ}, None),
        ({Scope.STATEMENTS_READ}, "xapi:write"),
        ({Scope.ALL}, 'quote"\\\x00é'),
    ],
)
def test_a_client_gets_no_scope_that_its_credential_does_not_have(has: set[Scope], scope: str | None) -> None:
    with pytest.raises(TokenRefused) as refused:
        granted(credential(*has), scope)

    assert refused.value.error is TokenError.INVALID_SCOPE
    assert all(" " <= letter <= "~" and letter not in '"\\' for letter in str(refused.value))

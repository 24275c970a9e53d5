"""What a token endpoint grants."""

from __future__ import annotations

import orjson
import pytest

from shared.http.granted import TOKEN_SECONDS, Granted, read_grant


@pytest.mark.parametrize(
    ("told", "seconds"),
    [(3599, 3599.0), (0.5, 0.5), ("3600", 3600.0)]
    + [(told, TOKEN_SECONDS) for told in (None, 0, -1, "soon", "inf", "nan", [3600], {"seconds": 3600})],
)
def test_a_token_lives_as_long_as_it_is_told_or_else_for_a_while(told: object, seconds: float) -> None:
    assert read_grant(orjson.dumps({"access_token": "T", "expires_in": told})) == Granted("T", seconds)


def test_a_token_whose_end_is_not_told_is_one() -> None:
    assert read_grant(b'{"access_token": "T", "token_type": "bearer"}') == Granted("T", TOKEN_SECONDS)


@pytest.mark.parametrize("token", ["", "Ü", "a\nb", 7, None, ["T"]])
def test_what_no_header_can_hold_is_no_token(token: object) -> None:
    assert read_grant(orjson.dumps({"access_token": token})) is None


@pytest.mark.parametrize("body", [b"", b"no", b"[]", b"null", b'"T"', b"{}", b'{"error": "invalid_client"}', b"\xff"])
def test_what_grants_nothing_grants_no_token(body: bytes) -> None:
    assert read_grant(body) is None

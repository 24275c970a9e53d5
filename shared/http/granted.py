"""Read what a token endpoint grants (RFC 6749 §5.1)."""

from __future__ import annotations

from math import inf
from typing import Any, Final, NamedTuple

import orjson

TOKEN_SECONDS: Final = 300.0
"""How long a token is used whose end is not told."""


class Granted(NamedTuple):
    """An access token, and how many seconds it lives from the answer on."""

    token: str
    seconds: float


def read_grant(body: bytes) -> Granted | None:
    """Return the access token that an answer grants; None where it grants none that a header can hold."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    token = document.get("access_token") if isinstance(document, dict) else None
    if not isinstance(token, str) or not (token.isascii() and token.isprintable() and token):
        return None
    return Granted(token, _seconds(document.get("expires_in")))


def _seconds(told: Any) -> float:
    """Read how long a token lives; some servers write the number as text."""
    try:
        seconds = float(told)
    except (TypeError, ValueError, OverflowError):
        return TOKEN_SECONDS
    return seconds if 0 < seconds < inf else TOKEN_SECONDS

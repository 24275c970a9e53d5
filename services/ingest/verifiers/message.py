"""What a signature is over, and what it says."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol
from urllib.parse import parse_qsl, urlsplit

TIMESTAMP_DIGITS: Final = 12
MOST_PARAMETERS: Final = 100


class Verdict(StrEnum):
    """What a signature says about a delivery."""

    GENUINE = "genuine"
    FORGED = "forged"
    STALE = "stale"
    UNSIGNED = "unsigned"


@dataclass(frozen=True, slots=True)
class Message:
    """A request as it came: *headers* by names in lower case, the raw *body*, and the *url* as the platform calls it."""

    headers: Mapping[str, str]
    body: bytes
    url: str = ""
    method: str = "POST"

    @property
    def query(self) -> dict[str, str]:
        """Return the parameters of the address; none where there are too many, or where one stands twice."""
        try:
            pairs = parse_qsl(urlsplit(self.url).query, keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
        except ValueError:
            return {}
        named = dict(pairs)
        return named if len(named) == len(pairs) else {}


class Verifier(Protocol):
    """Judge a delivery by the *secrets* it may be signed with, the present one first; *now* is the door's time."""

    def __call__(self, message: Message, secrets: Sequence[bytes], now: datetime) -> Verdict:
        """Return the verdict."""


def matches_any(presented: bytes, expected: Iterable[bytes]) -> bool:
    """Compare with everything that is expected, whichever fits: how long it takes tells nothing."""
    verdicts = [hmac.compare_digest(each, presented) for each in expected]
    return any(verdicts)


def seconds(text: str) -> int | None:
    """Return the Unix time that a header names in whole seconds; None where it is no plain number."""
    plain = text.isascii() and text.isdecimal() and len(text) <= TIMESTAMP_DIGITS
    return int(text) if plain else None


def is_fresh(signed_at: float, now: datetime, window: timedelta) -> bool:
    """Say whether *signed_at* (Unix seconds) differs from *now* by no more than *window*."""
    return abs(now.timestamp() - signed_at) <= window.total_seconds()

"""A delivery: what a platform would have sent, signed as it signs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

CURTAIN: Final = datetime(2026, 1, 5, tzinfo=UTC)
"""The Monday on which the plays begin, as they are written."""

Signing: TypeAlias = Callable[[bytes, bytes, datetime], Mapping[str, str]]
"""Return the headers that sign a body with a secret now."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook's request: its *body* is of the time of the play, its signature of the time at which it is sent."""

    at: datetime
    body: bytes
    sign: Signing
    headers: Mapping[str, str] = field(default_factory=dict)

    def signed(self, secret: bytes, now: datetime) -> Mapping[str, str]:
        """Return its headers, signed with *secret* at *now*."""
        return {"content-type": "application/json", **self.headers, **self.sign(secret, self.body, now)}


def moment(at: timedelta, shift: timedelta) -> datetime:
    """Return when a scene happens, the play being moved by *shift*."""
    return CURTAIN + shift + at

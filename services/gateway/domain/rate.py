"""How many requests a minute: a bucket that refills steadily, as a function of time. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

WINDOW: Final = 60.0
"""Seconds of a quota."""


class Allowance(NamedTuple):
    """What a bucket said: whether the request may pass, how many more may at once, and in how many seconds which is full again.

    *wait* is how many seconds later one more may pass, 0 where one may now.
    """

    allowed: bool
    quota: int
    remaining: int
    full_in: float
    wait: float


@dataclass(slots=True)
class Bucket:
    """Tokens as they were at *at* (seconds of any steady clock); as many as the quota at most."""

    tokens: float
    at: float

    def take(self, quota: int, now: float) -> Allowance:
        """Take a token for a request at *now*, of *quota* requests a minute, if there is one."""
        allowance = self.look(quota, now)
        if not allowance.allowed:
            return allowance
        self.tokens -= 1
        return _say(self.tokens, quota, allowed=True)

    def look(self, quota: int, now: float) -> Allowance:
        """Say what `take` would, and take nothing. A smaller quota than before counts from now on."""
        self.tokens = min(quota, self.tokens + max(0.0, now - self.at) * quota / WINDOW)
        self.at = now
        return _say(self.tokens, quota, allowed=self.tokens >= 1)


def _say(tokens: float, quota: int, *, allowed: bool) -> Allowance:
    seconds = WINDOW / quota
    return Allowance(allowed, quota, int(tokens), (quota - tokens) * seconds, max(0.0, 1 - tokens) * seconds)

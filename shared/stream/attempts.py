"""How often a consumer has tried in vain: it waits longer after each attempt, and gives up in the end."""

from __future__ import annotations

import asyncio
from collections import Counter

from shared.backoff import backoff
from shared.events import rest
from shared.stream.record import Partition
from shared.stream.settings import ConsumerSettings


class Attempts:
    """The attempts that failed in a row: at the next batch of each partition, and under None at everything else."""

    def __init__(self, settings: ConsumerSettings) -> None:
        self._settings = settings
        self._failures: Counter[Partition | None] = Counter()
        self.trying: Partition | None = None
        """What an outage that is met now is counted for."""

    @property
    def failures(self) -> int:
        """Return how many attempts in a row failed where most did."""
        return max(self._failures.values(), default=0)

    @property
    def exhausted(self) -> bool:
        """Say whether it is time to give up."""
        return self.failures >= self._settings.attempts

    def attempt(self, partition: Partition) -> int:
        """Return which attempt at the next batch of *partition* this is, from 1."""
        return self._failures[partition] + 1

    def fail(self) -> None:
        """Count an outage."""
        self._failures[self.trying] += 1
        self.trying = None

    def succeed(self) -> None:
        """Forget the failures of what was tried."""
        self._failures.pop(self.trying, None)
        self.trying = None

    async def wait(self, stop: asyncio.Event) -> None:
        """Wait before the next attempt: exponential, with jitter, and no longer than until *stop*."""
        before = max(self.failures - 1, 0)
        await rest(stop, backoff(before, first=self._settings.backoff, longest=self._settings.backoff_limit))

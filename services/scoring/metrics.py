"""Scoring's metrics; they count what is committed."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

from services.scoring.domain.rules import Dimension
from shared.clock import Clock
from shared.stream.steps import Observer, Step, unobserved

FRESHNESS_BUCKETS: Final = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)


@dataclass(frozen=True, slots=True)
class Applied:
    """What a batch did: the dimensions of the facts it gave, how many it took back, and when its new statements came in."""

    given: Sequence[Dimension] = ()
    taken_back: int = 0
    received_at: Sequence[datetime] = ()


class ScoringMetrics:
    """How fresh facts are, end to end, and how many were given and taken back."""

    def __init__(self, registry: CollectorRegistry, clock: Clock) -> None:
        self._clock = clock
        self._awaited = Applied()
        self._freshness = Histogram(
            "symposia_e2e_freshness_seconds",
            "From the door's receipt of a statement to the commit of its facts",
            buckets=FRESHNESS_BUCKETS,
            registry=registry,
        )
        facts = Counter("symposia_scoring_facts_total", "Facts made", ["dimension"], registry=registry)
        self._facts = {dimension: facts.labels(dimension.value) for dimension in Dimension}
        self._retractions = Counter(
            "symposia_scoring_retractions_total", "Facts taken back: replaced, voided, redacted or objected to", registry=registry
        )

    def await_commit(self, applied: Applied) -> None:
        """Keep *applied* until its transaction is committed."""
        self._awaited = applied

    def committed(self) -> None:
        """Count what was kept for this commit."""
        applied, self._awaited = self._awaited, Applied()
        for dimension, number in Tally(applied.given).items():
            self._facts[dimension].inc(number)
        self._retractions.inc(applied.taken_back)
        now = self._clock()
        for received_at in applied.received_at:
            self._freshness.observe(max((now - received_at).total_seconds(), 0.0))

    def observing(self, observer: Observer = unobserved) -> Observer:
        """Return an observer that counts at every commit and lets *observer* hear every step."""

        async def observe(step: StrEnum) -> None:
            if step is Step.COMMITTED:
                self.committed()
            await observer(step)

        return observe

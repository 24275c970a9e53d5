"""Metrics of forwarding, labelled with the names that an operator gave the targets."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

from services.gateway.forwarding.target import State, TargetName, TargetStanding

_LABELS: Final = ["target"]


class Outcome(StrEnum):
    """What became of a statement at a target."""

    FORWARDED = "forwarded"
    REFUSED = "refused"
    PASSED_OVER = "passed_over"


class ForwardingMetrics:
    """How each target stands, read from PostgreSQL and so the same at every replica; and what this process sent."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._statements = Counter(
            "symposia_forwarding_statements_total",
            "Statements that this process forwarded, that were refused for good, or that the target is not to get",
            ["target", "outcome"],
            registry=registry,
        )
        self._attempts_failed = Counter(
            "symposia_forwarding_failures_total", "Failed attempts to forward to a target", _LABELS, registry=registry
        )
        self._lag = Gauge("symposia_forwarding_lag_statements", "Statements that wait for a target", _LABELS, registry=registry)
        self._lag_seconds = Gauge(
            "symposia_forwarding_lag_seconds", "How long the oldest statement has waited for a target", _LABELS, registry=registry
        )
        self._letters = Gauge(
            "symposia_forwarding_dead_letters", "Statements that a target refused for good", _LABELS, registry=registry
        )
        self._running = Gauge(
            "symposia_forwarding_running", "1 while a target runs, 0 while it is paused", _LABELS, registry=registry
        )
        self._last = Gauge(
            "symposia_forwarding_last_timestamp_seconds", "When a target last took a statement", _LABELS, registry=registry
        )
        self._known: frozenset[TargetName] = frozenset()

    def settled(self, target: TargetName, outcome: Outcome, count: int) -> None:
        """Count *count* statements that ended as *outcome*."""
        self._statements.labels(target, outcome).inc(count)

    def failed(self, target: TargetName) -> None:
        """Count an attempt that failed."""
        self._attempts_failed.labels(target).inc()

    def show(self, standings: Iterable[TargetStanding]) -> None:
        """Show how the targets stand; a target that is not among *standings* is forgotten."""
        now = {standing.name: standing for standing in standings}
        for name, standing in now.items():
            if name not in self._known:
                self._begin(name)
            self._lag.labels(name).set(standing.lag)
            self._lag_seconds.labels(name).set(standing.lag_seconds)
            self._letters.labels(name).set(standing.letters)
            self._running.labels(name).set(standing.state is State.RUNNING)
            if standing.last_forwarded_at is not None:
                self._last.labels(name).set(standing.last_forwarded_at.timestamp())
        for gone in self._known - now.keys():
            for gauge in (self._lag, self._lag_seconds, self._letters, self._running, self._last):
                gauge.remove(gone)
        self._known = frozenset(now)

    def _begin(self, name: TargetName) -> None:
        """Set the counters of a target to 0, so that the first of each kind is an increase."""
        self._attempts_failed.labels(name)
        for outcome in Outcome:
            self._statements.labels(name, outcome)

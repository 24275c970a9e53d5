"""What asking counts, by source."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

from services.ingest.asking.store import AskingStanding
from services.ingest.domain.source import Source, SourceId

WAITING: Final = "waiting"
GIVEN_UP: Final = "given-up"
"""How a lookup stands, as its table says it."""


class Asked(StrEnum):
    """What came of asking a platform."""

    ANSWERED = "answered"
    GONE = "gone"
    FAILED = "failed"
    GIVEN_UP = "given_up"


class AskingMetrics:
    """How platforms answer, and what is still to be asked for."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._asked = Counter(
            "symposia_ingest_asked_total", "Requests to platforms", ["platform", "source", "outcome"], registry=registry
        )
        self._lookups = Gauge(
            "symposia_ingest_lookups", "Things named by id that are still to be looked up", ["source", "state"], registry=registry
        )
        self._lookup_failures = Gauge(
            "symposia_ingest_lookup_failures",
            "Most failures in a row of any lookup of something named by id",
            ["source"],
            registry=registry,
        )
        self._failures = Gauge(
            "symposia_ingest_poll_failures", "Most failures in a row of any poll", ["source"], registry=registry
        )
        self._succeeded = Gauge(
            "symposia_ingest_poll_succeeded_seconds",
            "Unix time when every poll had last succeeded",
            ["source"],
            registry=registry,
        )
        self._shown: frozenset[SourceId] = frozenset()

    def asked(self, source: Source, outcome: Asked) -> None:
        """Count a request to the platform of *source*."""
        self._asked.labels(source.platform, source.id, outcome).inc()

    def show(self, standings: Sequence[AskingStanding]) -> None:
        """Show how the sources stand; forget those that are no longer asked, whose alerts would otherwise never end."""
        shown = frozenset(standing.source for standing in standings)
        for source in self._shown - shown:
            self._forget(source)
        self._shown = shown
        for standing in standings:
            self._lookups.labels(standing.source, WAITING).set(standing.waiting)
            self._lookups.labels(standing.source, GIVEN_UP).set(standing.given_up)
            self._lookup_failures.labels(standing.source).set(standing.lookup_failures)
            self._failures.labels(standing.source).set(standing.failures)
            if standing.succeeded_at is not None:
                self._succeeded.labels(standing.source).set(standing.succeeded_at.timestamp())

    def _forget(self, source: SourceId) -> None:
        for state in (WAITING, GIVEN_UP):
            self._lookups.remove(source, state)
        self._lookup_failures.remove(source)
        self._failures.remove(source)
        self._succeeded.remove(source)

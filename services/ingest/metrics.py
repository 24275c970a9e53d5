"""What ingest counts, by source and never by person."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from services.ingest.domain.interaction import Interaction, Kind
from services.ingest.domain.reading import Reason
from services.ingest.domain.source import Platform, Source, SourceId
from services.ingest.tallies import Tallies

BUCKETS: Final = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 600.0, 3600.0, 86400.0)


class Refusal(StrEnum):
    """Why a delivery is refused: a closed set, the label of a metric."""

    UNKNOWN_SOURCE = "unknown_source"
    BODY = "body"
    UNSIGNED = "unsigned"
    FORGED = "forged"
    STALE = "stale"
    MALFORMED = "malformed"
    CROWDED = "crowded"
    UNAVAILABLE = "unavailable"


class Outcome(StrEnum):
    """How a genuine delivery ended."""

    TAKEN = "taken"
    IGNORED = "ignored"
    REPEATED = "repeated"


class IngestMetrics:
    """Deliveries, what came of them, and how long it took from the event to the log; by source, the same goes to *tallies*."""

    def __init__(self, registry: CollectorRegistry, tallies: Tallies) -> None:
        self._tallies = tallies
        self._deliveries = Counter(
            "symposia_ingest_deliveries_total", "Genuine deliveries", ["platform", "source", "outcome"], registry=registry
        )
        self._ignored = Counter(
            "symposia_ingest_ignored_total",
            "What was heard and left out, by reason",
            ["platform", "source", "reason"],
            registry=registry,
        )
        self._refused = Counter("symposia_ingest_refused_total", "Deliveries refused", ["platform", "reason"], registry=registry)
        self._statements = Counter(
            "symposia_ingest_statements_total", "Statements appended", ["platform", "source", "kind"], registry=registry
        )
        self._seconds = Histogram(
            "symposia_ingest_event_to_log_seconds",
            "From the platform's time of an event to the log's acknowledgement",
            ["platform"],
            buckets=BUCKETS,
            registry=registry,
        )
        for platform in Platform:
            for reason in Refusal:
                self._refused.labels(platform, reason)
        self._of_delivery: dict[tuple[SourceId, Outcome], Counter] = {}
        self._of_telling: dict[tuple[SourceId, Kind], tuple[Counter, Histogram]] = {}
        self.waiting = Gauge("symposia_ingest_waiting", "Interactions that wait for what they depend on", registry=registry)

    def delivered(self, source: Source, outcome: Outcome) -> None:
        """Count a genuine delivery; what was counted before is at hand, since to look it up by its labels costs more."""
        counter = self._of_delivery.get((source.id, outcome))
        if counter is None:
            counter = self._deliveries.labels(source.platform, source.id, outcome)
            self._of_delivery[source.id, outcome] = counter
        counter.inc()

    def heard(self, source: Source, events: int) -> None:
        """Count genuine *events* of a source, delivered or asked for."""
        self._tallies.heard(source.id, events)

    def ignored(self, source: Source, reason: Reason) -> None:
        """Count what was heard and is not ours."""
        self._tallies.ignored(source.id, reason)
        self._ignored.labels(source.platform, source.id, reason).inc()

    def refused(self, platform: str, reason: Refusal, source: SourceId | None) -> None:
        """Count a delivery that was refused; *platform* is one that we know, or `unknown`, *source* one that there is."""
        if source is not None:
            self._tallies.refused(source, reason)
        self._refused.labels(platform, reason).inc()

    def told(self, source: Source, interaction: Interaction, seconds: float) -> None:
        """Count a statement that is in the log *seconds* after what it tells."""
        self._tallies.told(source.id, seconds)
        key = source.id, interaction.kind
        counted = self._of_telling.get(key)
        if counted is None:
            statements = self._statements.labels(source.platform, source.id, interaction.kind)
            counted = self._of_telling[key] = statements, self._seconds.labels(source.platform)
        counted[0].inc()
        counted[1].observe(max(seconds, 0.0))

"""What the stream counts: one closed set of metrics for each service's registry, its children made before they are needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from shared.clock import Clock, utc_now
from shared.contracts.topics import Topic
from shared.stream.errors import OffsetGap, TopicRecreated
from shared.stream.offsets import GroupPartition
from shared.stream.record import Batch, Cause, Decision

APPEND_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Outcome(StrEnum):
    """What became of a record that was fetched."""

    APPLIED = "applied"
    REJECTED = "rejected"
    REPEATED = "repeated"


class StreamMetrics:
    """The metrics of one service's consumers, publishers and log."""

    def __init__(self, registry: CollectorRegistry, clock: Clock = utc_now) -> None:
        self._clock = clock
        place = ["group", "topic", "partition"]
        self._records = Counter(
            "symposia_consumer_records_total",
            "Records fetched, by outcome",
            ["group", "topic", "outcome"],
            registry=registry,
        )
        self._lag_records = Gauge(
            "symposia_consumer_lag_records", "Records in the log that are not applied yet", place, registry=registry
        )
        self._lag_seconds = Gauge(
            "symposia_consumer_lag_seconds", "Age of the last applied record while more wait, else 0", place, registry=registry
        )
        self._progress = Gauge(
            "symposia_consumer_last_progress_timestamp_seconds",
            "When a batch was last applied, or the log was last found to have none",
            ["group", "topic"],
            registry=registry,
        )
        self._gaps = Counter(
            "symposia_consumer_offset_gap_total",
            "Stops because of a gap or a recreated topic",
            ["group", "topic"],
            registry=registry,
        )
        self._dead_letters = Counter(
            "symposia_dead_letter_records_total", "Records that became dead letters", ["topic", "group"], registry=registry
        )
        self._quarantined = Counter(
            "symposia_quarantined_records_total",
            "Records quarantined because they contradict the record",
            ["topic", "group"],
            registry=registry,
        )
        self._outages = Counter(
            "symposia_consumer_outages_total", "Turns that an outage interrupted", ["group"], registry=registry
        )
        self.buffered_bytes = Gauge("symposia_producer_buffered_bytes", "Bytes under way to the log", registry=registry)
        self.rebuilds = Counter("symposia_producer_rebuilds_total", "Producers replaced after a fatal error", registry=registry)
        self.append_seconds = Histogram(
            "symposia_log_append_seconds",
            "Seconds until appended records were durable",
            registry=registry,
            buckets=APPEND_BUCKETS,
        )
        self.append_failures = Counter(
            "symposia_log_append_failures_total", "Appends whose outcome is unknown", registry=registry
        )

    def announce(self, group: str, topics: Iterable[Topic]) -> None:
        """Make the children of *group*, so that rates and alerts have a zero to start from."""
        self._outages.labels(group)
        for topic in topics:
            for outcome in Outcome:
                self._records.labels(group, topic.name, outcome.value)
            self._gaps.labels(group, topic.name)
            self._dead_letters.labels(topic.name, group)
            self._quarantined.labels(topic.name, group)
            self._progress.labels(group, topic.name).set(self._now())

    def applied(self, place: GroupPartition, batch: Batch, decision: Decision) -> None:
        """Count a batch that was settled, and see how far behind that leaves its place."""
        group, topic = place.group, place.partition.topic
        rejected = len(decision.rejections)
        self._records.labels(group, topic, Outcome.APPLIED.value).inc(len(batch.records) - rejected)
        if rejected:
            self._records.labels(group, topic, Outcome.REJECTED.value).inc(rejected)
            conflicts = sum(rejection.cause is Cause.CONFLICT for rejection in decision.rejections)
            self._quarantined.labels(topic, group).inc(conflicts)
            self._dead_letters.labels(topic, group).inc(rejected - conflicts)
        last = batch.records[-1]
        behind = max(batch.end - last.offset - 1, 0)
        now = self._now()
        self._set_lag(place, behind, max(now - last.timestamp / 1000, 0.0) if behind else 0.0)
        self._progress.labels(group, topic).set(now)

    def repeated(self, place: GroupPartition, batch: Batch, fresh: Batch) -> None:
        """Count the records of *batch* that were applied before."""
        count = len(batch.records) - len(fresh.records)
        if count:
            self._records.labels(place.group, place.partition.topic, Outcome.REPEATED.value).inc(count)

    def behind(self, place: GroupPartition, records: int) -> None:
        """Say that *records* wait at *place*, as seen when it was assigned."""
        self._lag_records.labels(place.group, place.partition.topic, place.partition.number).set(records)

    def idle(self, places: Iterable[GroupPartition]) -> None:
        """Say that nothing waits at *places*."""
        now = self._now()
        for place in places:
            self._set_lag(place, 0, 0.0)
            self._progress.labels(place.group, place.partition.topic).set(now)

    @contextmanager
    def counting_stops(self, place: GroupPartition) -> Iterator[None]:
        """Count a gap or a recreated topic on its way out of the block."""
        try:
            yield
        except (OffsetGap, TopicRecreated):
            self._gaps.labels(place.group, place.partition.topic).inc()
            raise

    def released(self, places: Iterable[GroupPartition]) -> None:
        """Forget the lag at *places*, which another member reads now."""
        for place in places:
            labels = (place.group, place.partition.topic, str(place.partition.number))
            for gauge in (self._lag_records, self._lag_seconds):
                gauge.remove(*labels)

    def interrupted(self, group: str) -> None:
        """Count a turn that an outage interrupted."""
        self._outages.labels(group).inc()

    def _set_lag(self, place: GroupPartition, records: int, seconds: float) -> None:
        labels = (place.group, place.partition.topic, place.partition.number)
        self._lag_records.labels(*labels).set(records)
        self._lag_seconds.labels(*labels).set(seconds)

    def _now(self) -> float:
        return self._clock().timestamp()

"""The gateway's metrics: a closed set, and never whom they are about."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from services.gateway.domain.credential import Refused
from services.gateway.domain.quirks import Quirk

WAIT_BUCKETS: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
RULES_COUNTED: Final = 64


class Outcome(StrEnum):
    """What became of a statement at the door."""

    ACCEPTED = "accepted"
    UNCONFIRMED = "unconfirmed"
    COLLAPSED = "collapsed"
    CONFLICT = "conflict"
    REJECTED = "rejected"


class Limited(StrEnum):
    """Whose limit refused a request."""

    CREDENTIAL = "credential"
    ADDRESS = "address"


class Unawaited(StrEnum):
    """Why an answer was given before the statements were seen recorded."""

    STANDS = "stands"
    BEHIND = "behind"


class GatewayMetrics:
    """Counts of what came through the doors, and how long senders waited for the recorder."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._statements = Counter(
            "symposia_gateway_statements_total",
            "Statements received: recorded, acknowledged before they were recorded, repeated in one batch, in conflict, invalid",
            ["outcome"],
            registry=registry,
        )
        self._invalid = Counter(
            "symposia_gateway_validation_failures_total", "Violations of xAPI's rules", ["rule"], registry=registry
        )
        self._refused = Counter(
            "symposia_gateway_keys_refused_total", "Requests whose key was refused", ["reason"], registry=registry
        )
        self._limited = Counter(
            "symposia_gateway_requests_limited_total",
            "Requests answered 429, by the limit that was reached",
            ["limit"],
            registry=registry,
        )
        self._quirks = Counter(
            "symposia_gateway_quirks_total", "Requests that were understood only thanks to a quirk", ["quirk"], registry=registry
        )
        self.wait_seconds = Histogram(
            "symposia_gateway_recorder_wait_seconds",
            "Time that answers waited for the recorder",
            buckets=WAIT_BUCKETS,
            registry=registry,
        )
        self.recorder_awaited = Gauge(
            "symposia_gateway_recorder_awaited",
            "1 while answers wait for the recorder, 0 while it is too slow",
            registry=registry,
        )
        self._unawaited = Counter(
            "symposia_gateway_recorder_unawaited_total",
            "Answers given on the log's acknowledgement alone: the recorder stands, or is too far behind to wait for",
            ["reason"],
            registry=registry,
        )
        self.credentials_read = Gauge(
            "symposia_gateway_credentials_read_timestamp_seconds", "When all credentials were last read", registry=registry
        )
        for reason in Refused:
            self._refused.labels(reason)
        for why in Unawaited:
            self._unawaited.labels(why)
        for limit in Limited:
            self._limited.labels(limit)
        for quirk in Quirk:
            self._quirks.labels(quirk)
        self._outcomes = {outcome: self._statements.labels(outcome) for outcome in Outcome}
        self._rules: dict[str, Counter] = {}

    def statements(self, outcome: Outcome, count: int = 1) -> None:
        """Count *count* statements that ended as *outcome*."""
        self._outcomes[outcome].inc(count)

    def invalid(self, rule: str) -> None:
        """Count a broken rule; beyond RULES_COUNTED different ones as `other`."""
        if rule not in self._rules:
            rule = rule if len(self._rules) < RULES_COUNTED else "other"
            self._rules[rule] = self._invalid.labels(rule)
        self._rules[rule].inc()

    def unawaited(self, reason: Unawaited) -> None:
        """Count an answer that did not wait, or no longer, until its statements were recorded."""
        self._unawaited.labels(reason).inc()

    def key_refused(self, reason: Refused) -> None:
        """Count a request whose key was refused."""
        self._refused.labels(reason).inc()

    def limited(self, limit: Limited) -> None:
        """Count a request that was one too many."""
        self._limited.labels(limit).inc()

    def quirk(self, quirk: Quirk) -> None:
        """Count a request that was understood by *quirk*."""
        self._quirks.labels(quirk).inc()

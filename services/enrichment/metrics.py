"""Metrics of relinking."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Gauge

from services.enrichment.jobs import Left


class RelinkMetrics:
    """How many jobs are left; the number is read from PostgreSQL, so every replica shows the same."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._jobs = Gauge("symposia_relink_jobs", "Relinking jobs that are left", ["state"], registry=registry)

    def show(self, left: Left) -> None:
        """Show how many jobs wait, and how many are postponed."""
        self._jobs.labels("waiting").set(left.waiting)
        self._jobs.labels("postponed").set(left.postponed)

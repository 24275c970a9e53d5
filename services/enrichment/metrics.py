"""What is seen of linking anew."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Gauge

from services.enrichment.jobs import Left


class RelinkMetrics:
    """The jobs that are left, read from PostgreSQL, so the same at each replica."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._jobs = Gauge("symposia_relink_jobs", "Relinking jobs that are left", ["state"], registry=registry)

    def stand(self, left: Left) -> None:
        """Show how many jobs are left, by how they stand."""
        self._jobs.labels("waiting").set(left.waiting)
        self._jobs.labels("postponed").set(left.postponed)

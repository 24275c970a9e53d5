"""Metrics of connection pools."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

COLLISIONS = ("40001", "40P01")
_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class PostgresMetrics:
    """The pools' metrics in one registry, labelled with the schema that a pool serves."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._in_use = Gauge("symposia_postgres_connections_in_use", "Connections in use now", ["schema"], registry=registry)
        self._acquire = Histogram(
            "symposia_postgres_acquire_seconds",
            "Seconds spent waiting for a connection",
            ["schema"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self._retry = Counter(
            "symposia_postgres_retry_total",
            "Transactions that were retried, by SQLSTATE",
            ["schema", "sqlstate"],
            registry=registry,
        )
        self._outage = Counter(
            "symposia_postgres_outage_total",
            "Attempts that ended in an outage, by SQLSTATE or the error's name",
            ["schema", "cause"],
            registry=registry,
        )

    def of(self, schema: str) -> PoolMetrics:
        """Return the metrics of the pool that serves *schema*."""
        for sqlstate in COLLISIONS:
            self._retry.labels(schema, sqlstate)
        return PoolMetrics(
            schema, self._in_use.labels(schema), self._acquire.labels(schema), retry=self._retry, outage=self._outage
        )


class PoolMetrics:
    """The metrics of one pool, with their labels looked up once."""

    def __init__(self, schema: str, in_use: Gauge, acquire: Histogram, *, retry: Counter, outage: Counter) -> None:
        self.in_use = in_use
        self.acquire_seconds = acquire
        self._schema = schema
        self._retry = retry
        self._outage = outage

    def retried(self, sqlstate: str) -> None:
        """Count a transaction that is run again because of *sqlstate*."""
        self._retry.labels(self._schema, sqlstate).inc()

    def outage(self, cause: str) -> None:
        """Count an attempt that PostgreSQL could not serve because of *cause*."""
        self._outage.labels(self._schema, cause).inc()

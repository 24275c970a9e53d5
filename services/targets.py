"""Which schemas there are, and which migrations make them: the one list that migrations, tests and the command line share."""

from __future__ import annotations

from shared.postgres import Target

TARGETS = (
    Target("log", ("shared.stream.log_migrations",)),
    Target("ingest", ("shared.stream.migrations", "services.ingest.migrations")),
    Target("lrs", ("shared.stream.migrations", "services.gateway.migrations")),
    Target("records", ("shared.stream.migrations", "services.enrichment.migrations")),
    Target("impact", ("shared.stream.migrations", "services.scoring.migrations")),
)

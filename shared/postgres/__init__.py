"""PostgreSQL: the only door to asyncpg. Pools and transactions, named queries, migrations, and an embedded server."""

from shared.postgres.database import Database, Transaction
from shared.postgres.metrics import PostgresMetrics
from shared.postgres.migrate import Target, expected_versions, migrate, print_roles
from shared.postgres.queries import Query, load_queries

__all__ = [
    "Database",
    "PostgresMetrics",
    "Query",
    "Target",
    "Transaction",
    "expected_versions",
    "load_queries",
    "migrate",
    "print_roles",
]

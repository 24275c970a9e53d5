"""The log in PostgreSQL: the durable default of one machine."""

from shared.stream.postgres.log import PostgresLog

__all__ = ["PostgresLog"]

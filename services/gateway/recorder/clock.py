"""Consistent-Through: up to when the record is whole."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from shared.postgres import Database, Transaction, load_queries

_QUERIES: Final = load_queries(__package__)


async def raise_consistent_through(postgres: Database | Transaction) -> datetime:
    """Return the time up to which nothing can be recorded any more, aware, in UTC; read the record *after* it.

    While no recorder is at work that is now, by PostgreSQL's clock, and the record's next `stored` will be later; while one is,
    it is what was last committed. It waits for nobody. In a transaction, the caller commits before telling it, and soon: until
    then it holds the recorder up.
    """
    moment: datetime = await postgres.fetchval(_QUERIES["raise_consistent_through"])
    return moment

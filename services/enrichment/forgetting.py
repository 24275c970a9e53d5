"""Empty what a replay makes again."""

from __future__ import annotations

from typing import Final

from services.enrichment.store import Store
from shared.postgres import Database, Transaction, load_queries

_QUERIES: Final = load_queries(__package__)


async def forget(database: Database) -> None:
    """Forget what statements say, for a replay to tell it again; who people are, courses and enrolments stay known.

    Empty what builds on it (`impact`) before: of what is told meanwhile, nothing may be said only once and then forgotten there.
    What is told from then on is newer than all that the log holds, whatever backup the tables come from.
    """

    async def empty(transaction: Transaction) -> None:
        await Store().hold_identities(transaction)
        await transaction.execute(_QUERIES["forget"])
        await transaction.execute(_QUERIES["outrun_revisions"])  # behind the lock that emptying takes: of two, none turns back

    await database.run(empty)

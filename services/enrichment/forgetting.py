"""Empty the tables that a replay fills again."""

from __future__ import annotations

from typing import Final

from services.enrichment.store import Store
from shared.postgres import Database, Transaction, load_queries

_QUERIES: Final = load_queries(__package__)


async def forget(database: Database) -> None:
    """Forget what statements say, for a replay to fill in again; people, courses and enrolments are kept.

    Empty `impact`, which is built from it, first: otherwise it could forget a message that is emitted only once. Revisions that
    are taken from now on are higher than all in the log, whatever backup the tables come from. Raises Unavailable.
    """

    async def empty(transaction: Transaction) -> None:
        await Store().hold_identities(transaction)
        await transaction.execute(_QUERIES["forget"])
        # Emptying has taken a lock, so of two rebuilds at a time neither turns the revisions back.
        await transaction.execute(_QUERIES["outrun_revisions"])

    await database.run(empty)

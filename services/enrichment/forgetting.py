"""Empty what a replay makes again."""

from __future__ import annotations

from services.enrichment.store import Store
from shared.postgres import Database, Transaction, load_queries


async def forget(database: Database) -> None:
    """Forget what statements say, for a replay to tell it again; who people are, courses and enrolments stay known.

    Empty what builds on it (`impact`) before: of what is told meanwhile, nothing may be said only once and then forgotten there.
    """

    async def empty(transaction: Transaction) -> None:
        await Store().hold_identities(transaction)
        await transaction.execute(load_queries("services.enrichment")["forget"])

    await database.run(empty)

"""Which rules the tables were made by: facts of two versions are never summed."""

from __future__ import annotations

from services.scoring.domain.rules import VERSION, definition
from services.scoring.store import QUERIES
from shared.errors import Misconfigured
from shared.postgres import Database, Transaction


def check_rules(current: str | None) -> None:
    """Return where the tables are of the rules that this code scores by. Raises Misconfigured elsewhere."""
    if current != VERSION:
        raise Misconfigured(
            f"The facts were made by the rules {current}, and this code scores by {VERSION}: "
            "run `symposia replay --rebuild`, then start again"
        )


async def adopt_rules(database: Database) -> None:
    """Note the rules that this code scores by, where none are yet.

    Raises Misconfigured where the facts were made by others: they must be made again, by a replay.
    """

    async def adopt(transaction: Transaction) -> None:
        await transaction.execute(QUERIES["hold_objections"])
        current = await transaction.fetchval(QUERIES["current_rules"])
        if current is None:
            await transaction.execute(QUERIES["adopt_rules"], VERSION, definition())
        else:
            check_rules(current)

    await database.run(adopt)


async def forget(database: Database) -> None:
    """Empty what was scored, for a replay to make it again by the rules of this code; who objects stays known."""

    async def empty(transaction: Transaction) -> None:
        await transaction.execute(QUERIES["hold_objections"])
        await transaction.execute(QUERIES["note_everyone_changed"])
        await transaction.execute(QUERIES["forget"])
        await transaction.execute(QUERIES["retire_rules"])
        await transaction.execute(QUERIES["adopt_rules"], VERSION, definition())

    await database.run(empty)

"""A standby is promoted that lacks the last of what its primary told: nobody is misled by what the log and readers keep."""

from __future__ import annotations

from services.enrichment.store import Store
from services.targets import TARGETS
from shared.postgres import Database, Query, migrate
from shared.postgres.embedded import Server
from tests.support.postgres import settings_for, statement

HISTORY = Query("SELECT impact.current_history()")
TELL = 40
LACK = Query("SELECT setval('revision', 1)")


async def revisions(database: Database, count: int) -> list[int]:
    return await database.run(lambda transaction: Store().next_revisions(transaction, count))


async def promote(server: Server) -> None:
    """Start *server* again as a standby, and promote it."""
    server.stop()
    (server._cluster.data / "standby.signal").touch()
    server.start()
    await statement(server.dsn, "SELECT pg_promote()")


async def test_behind_a_promotion_revisions_are_newer_than_all_that_were_told_and_cursors_are_of_another_history(
    server: Server,
) -> None:
    await migrate(server.dsn, TARGETS)
    database = await Database.open(settings_for(server.dsn), schema="records", application="test")
    told, history = await revisions(database, TELL), await database.fetchval(HISTORY)

    await database.close()
    await promote(server)
    database = await Database.open(settings_for(server.dsn), schema="records", application="test")
    await database.execute(LACK)
    first = await revisions(database, 2)
    following = await revisions(database, 1)
    later = await database.fetchval(HISTORY)
    await database.close()

    assert told == list(range(told[0], told[0] + TELL)), "without a promotion the next revision is the next number"
    assert told[-1] < first[0]
    assert [*first, *following] == list(range(first[0], first[0] + 3))
    assert later != history

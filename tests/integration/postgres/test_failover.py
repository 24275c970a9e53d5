"""A primary dies and its standby is promoted: the pool follows the one that takes writes."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from shared.errors import Unavailable
from shared.postgres import Database, Query
from shared.postgres.embedded import Server
from tests.support.postgres import SETTINGS, settings_for, statement

ADD = Query("INSERT INTO kept VALUES (1)")
REPLAYED = "SELECT to_regclass('kept')"
COUNT = Query("SELECT count(*) FROM kept")


@pytest.fixture
def standby(server: Server, tmp_path: Path) -> Iterator[Server]:
    """Run a standby that streams from `server`."""
    second = Server(tmp_path / "standby", settings=SETTINGS)
    cluster = second._cluster
    copy = str(cluster.binaries.folder / "pg_basebackup")
    cluster.run(copy, "--dbname", server.dsn, "--pgdata", str(cluster.data), "--write-recovery-conf", "--checkpoint=fast")
    second.start()
    yield second
    second.close()


def both(first: Server, second: Server) -> str:
    hosts = [server.dsn.partition("host=")[2].partition("&")[0] for server in (first, second)]
    return f"postgresql://symposia@/symposia?host={','.join(hosts)}&port=5432,5432"


async def replayed(dsn: str, rows: int) -> None:
    """Wait until the standby at *dsn* has *rows* rows."""
    connection = await asyncpg.connect(dsn)
    async with asyncio.timeout(30):
        while await connection.fetchval(REPLAYED) is None or await connection.fetchval(COUNT) != rows:  # noqa: ASYNC110 - a standby notifies nobody
            await asyncio.sleep(0.02)
    await connection.close()


async def test_a_standby_alone_is_an_outage(standby: Server) -> None:
    database = await Database.open(settings_for(standby.dsn), schema="public", application="test")

    with pytest.raises(Unavailable, match="TargetServerAttributeNotMatched"):
        await database.ready()

    await database.close()


async def test_after_a_failover_the_pool_writes_to_the_promoted_standby(server: Server, standby: Server) -> None:
    await statement(server.dsn, "CREATE TABLE kept (id int)")
    database = await Database.open(settings_for(both(standby, server)), schema="public", application="test")
    await database.execute(ADD)
    await replayed(standby.dsn, 1)

    server.kill()
    with pytest.raises(Unavailable):
        await database.execute(ADD)
    await statement(standby.dsn, "SELECT pg_promote()")

    async with asyncio.timeout(30):
        while True:
            try:
                await database.ready()
                break
            except Unavailable:
                await asyncio.sleep(0.05)
    assert await database.execute(ADD) == "INSERT 0 1"
    assert await database.fetchval(COUNT) == 2
    await database.close()

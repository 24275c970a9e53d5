"""The embedded server: one per directory, nothing lost on a crash, nothing left behind."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import asyncpg
import pytest

from shared.errors import Unavailable
from shared.postgres import Database, Query
from shared.postgres.embedded import Server, embedded
from tests.support.embedded import KEEP, becomes, kept, owner, running
from tests.support.postgres import SETTINGS, settings_for, statement


def postmaster(directory: Path) -> int:
    return int((directory / "data" / "postmaster.pid").read_text().splitlines()[0])


async def test_it_starts_within_seconds_and_in_an_instant_the_second_time(tmp_path: Path) -> None:
    took: list[float] = []
    for _ in range(2):
        started = perf_counter()
        async with embedded(tmp_path / "pg") as dsn:
            connection = await asyncpg.connect(dsn)
            took.append(perf_counter() - started)
            await connection.close()

    assert took[0] < 30
    assert took[1] < 5


async def test_what_was_written_is_there_after_a_restart(server: Server) -> None:
    await statement(server.dsn, KEEP)

    server.stop()
    server.start()

    assert await kept(server.dsn) == 1


async def test_a_killed_server_recovers_what_was_committed(server: Server) -> None:
    await statement(server.dsn, KEEP)

    server.kill()
    await becomes(False, server.is_running)
    server.start()

    assert await kept(server.dsn) == 1


async def test_a_pool_is_unavailable_while_the_server_is_gone_and_recovers_by_itself(server: Server) -> None:
    await statement(server.dsn, KEEP)
    database = await Database.open(settings_for(server.dsn), schema="public", application="test")
    count = Query("SELECT count(*) FROM kept")
    assert await database.fetchval(count) == 1

    server.kill()
    for _ in range(3):
        with pytest.raises(Unavailable):
            await database.fetchval(count)
    with pytest.raises(Unavailable):
        await database.ready()
    await becomes(False, server.is_running)
    server.start()

    await database.ready()
    assert await database.fetchval(count) == 1
    await database.close()


async def test_a_crash_is_mended_while_it_is_in_use(directory: Path) -> None:
    async with embedded(directory, settings=SETTINGS) as dsn:
        await statement(dsn, KEEP)
        database = await Database.open(settings_for(dsn), schema="public", application="test")
        before = postmaster(directory)

        os.kill(before, signal.SIGKILL)

        async with asyncio.timeout(30):
            while True:
                try:
                    found = await database.fetchval(Query("SELECT count(*) FROM kept"))
                    break
                except Unavailable:
                    await asyncio.sleep(0.05)
        await database.close()
        assert found == 1
        assert postmaster(directory) != before
    assert not running(directory)


async def test_killing_its_owner_leaves_no_server_behind(directory: Path) -> None:
    async with owner(directory) as (process, dsn):
        await statement(dsn, KEEP)

        process.kill()
        await process.wait()

        await becomes(False, lambda: running(directory))
    async with embedded(directory) as dsn:
        assert await kept(dsn) == 1


async def test_an_owner_that_is_killed_and_started_again_at_once_has_its_server(directory: Path) -> None:
    for _ in range(3):
        async with owner(directory) as (process, _), asyncio.timeout(60):
            process.kill()
            async with embedded(directory) as dsn:
                database = await Database.open(settings_for(dsn), schema="public", application="test")
                while True:
                    try:
                        await database.ready()
                        break
                    except Unavailable:
                        await asyncio.sleep(0.05)
                await database.close()


async def test_a_second_process_uses_the_first_ones_server_and_leaves_it_running(directory: Path) -> None:
    async with owner(directory) as (_, first):
        await statement(first, KEEP)

        async with embedded(directory) as second:
            assert second == first
            assert await kept(second) == 1

        assert await kept(first) == 1


async def test_the_second_takes_over_when_the_first_ends(directory: Path) -> None:
    async with owner(directory) as (process, first):
        await statement(first, KEEP)
        async with embedded(directory) as second:
            database = await Database.open(settings_for(second), schema="public", application="test")
            before = postmaster(directory)

            process.terminate()
            await process.wait()

            async with asyncio.timeout(30):
                while True:
                    try:
                        found = await database.fetchval(Query("SELECT count(*) FROM kept"))
                    except Unavailable:
                        found = None
                    if found is not None and postmaster(directory) != before:
                        break
                    await asyncio.sleep(0.05)
            assert found == 1
            await database.close()
    assert not running(directory)


@pytest.fixture
def in_the_background() -> Iterator[None]:
    """Ignore what a shell has those ignore that a script puts into the background, and with us our children, until they say."""
    before = {each: signal.signal(each, signal.SIG_IGN) for each in (signal.SIGINT, signal.SIGQUIT)}
    yield
    for each, handler in before.items():
        signal.signal(each, handler)


@pytest.mark.usefixtures("in_the_background")
async def test_a_start_that_is_cancelled_leaves_nothing_behind_and_ends_soon(quick_folder: Path) -> None:
    directory = quick_folder / "cancelled"

    async def use() -> None:
        async with embedded(directory):
            pass

    for moment in (0.01, 0.5, 1.5):
        task = asyncio.create_task(use())
        await asyncio.sleep(moment)  # somewhere within the start
        begun = perf_counter()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

        assert perf_counter() - begun < 15
        await becomes(False, lambda: running(directory))


async def test_a_process_id_that_belongs_to_somebody_else_by_now_is_no_obstacle(server: Server, tmp_path: Path) -> None:
    await statement(server.dsn, KEEP)
    left = (tmp_path / "postgres" / "data" / "postmaster.pid").read_text().splitlines()
    server.kill()
    await becomes(False, server.is_running)

    (tmp_path / "postgres" / "data" / "postmaster.pid").write_text("\n".join([str(os.getppid()), *left[1:], ""]))
    server.start()

    assert await kept(server.dsn) == 1

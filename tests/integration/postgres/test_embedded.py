"""The embedded server: one per directory, nothing lost on a crash, nothing left behind."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, perf_counter

import asyncpg
import pytest

from shared.errors import Misconfigured, Unavailable
from shared.postgres import Database, Query
from shared.postgres.embedded import Server, embedded
from shared.postgres.embedded.binaries import find_binaries
from shared.postgres.embedded.identity import Identity, choose_identity, mapped, switched
from tests.support.postgres import SETTINGS, copy_cluster, settings_for, statement

KEEP = "CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)"
OWNER = """
import asyncio, pathlib, sys
from shared.postgres.embedded import embedded

async def main():
    async with embedded(pathlib.Path(sys.argv[1])) as dsn:
        print(dsn, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="how root starts PostgreSQL is seen by root alone")


async def kept(dsn: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval("SELECT count(*) FROM kept")
    finally:
        await connection.close()


def running(directory: Path) -> bool:
    return Server(directory).is_running()


def postmaster(directory: Path) -> int:
    return int((directory / "data" / "postmaster.pid").read_text().splitlines()[0])


async def becomes(wanted: object, question: object, seconds: float = 20) -> None:
    """Ask until the answer is the wanted one."""
    deadline = monotonic() + seconds
    while await asyncio.to_thread(question) != wanted:  # type: ignore[arg-type]
        assert monotonic() < deadline, f"{question} did not become {wanted}"
        await asyncio.sleep(0.02)


@asynccontextmanager
async def owner(directory: Path, *prefix: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """Run a process that owns a server in *directory*; yield it with the server's URI."""
    process = await asyncio.create_subprocess_exec(
        *prefix, sys.executable, "-c", OWNER, str(directory), stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": "."}
    )
    try:
        assert process.stdout
        yield process, (await asyncio.wait_for(process.stdout.readline(), 60)).decode().strip()
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.fixture
def directory(tmp_path: Path, made_cluster: Path) -> Path:
    """Give a directory with a cluster in which nothing was written yet."""
    return copy_cluster(made_cluster, tmp_path / "pg")


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """Give a directory whose parents other users may enter."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name) / "postgres"


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


async def test_a_start_that_is_cancelled_leaves_nothing_behind(tmp_path: Path) -> None:
    async def use() -> None:
        async with embedded(tmp_path / "pg"):
            pass

    for moment in (0.01, 0.5, 1.5):
        task = asyncio.create_task(use())
        await asyncio.sleep(moment)  # somewhere within the start
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

        await becomes(False, lambda: running(tmp_path / "pg"))


async def test_a_process_id_that_belongs_to_somebody_else_by_now_is_no_obstacle(server: Server, tmp_path: Path) -> None:
    await statement(server.dsn, KEEP)
    left = (tmp_path / "postgres" / "data" / "postmaster.pid").read_text().splitlines()
    server.kill()
    await becomes(False, server.is_running)

    (tmp_path / "postgres" / "data" / "postmaster.pid").write_text("\n".join([str(os.getppid()), *left[1:], ""]))
    server.start()

    assert await kept(server.dsn) == 1


async def test_a_cluster_that_was_half_made_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "pg" / "data.new" / "base").mkdir(parents=True)

    async with embedded(tmp_path / "pg", settings=SETTINGS) as dsn:
        await statement(dsn, KEEP)


async def test_a_port_asks_for_the_password(directory: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    own = Server(directory, port=port, settings=SETTINGS)
    own.start()

    try:
        await statement(own.dsn, KEEP)
        assert await kept(own.tcp_dsn) == 1
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(f"postgresql://symposia:wrong@127.0.0.1:{port}/symposia")
        assert (directory / "password").stat().st_mode & 0o777 == 0o600
    finally:
        own.close()


async def test_a_path_too_long_for_a_socket_is_none_for_us(tmp_path: Path) -> None:
    directory = tmp_path / ("long" * 30)

    async with embedded(directory, settings=SETTINGS) as dsn:
        await statement(dsn, KEEP)
        assert (directory.stat().st_mode & 0o777, str(directory) in dsn) == (0o700, False)


async def test_a_setting_that_postgresql_refuses_is_said_in_its_words(directory: Path) -> None:
    with pytest.raises(Misconfigured, match="no_such_setting"):
        async with embedded(directory, settings={"no_such_setting": "1"}):
            pass

    assert not running(directory)


async def test_a_cluster_of_another_version_is_left_alone(server: Server, tmp_path: Path) -> None:
    server.stop()
    (tmp_path / "postgres" / "data" / "PG_VERSION").write_text("14\n")

    with pytest.raises(Misconfigured, match="was made by PostgreSQL 14"):
        server.start()


async def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(Misconfigured, match="cannot be PostgreSQL's folder"):
        async with embedded(tmp_path / "file" / "pg"):
            pass


@as_root
async def test_root_starts_it_as_an_ordinary_user_of_a_namespace_or_as_another_user(open_directory: Path) -> None:
    binaries = find_binaries()
    works = [
        identity
        for identity, _ in (
            mapped(),
            switched("postgres", open_directory, binaries),
            switched("nobody", open_directory, binaries),
        )
        if identity
    ]
    assert choose_identity(open_directory, binaries) == works[0]

    for number, identity in enumerate([*works, works[0]]):  # one directory changes hands
        own = Server(open_directory, settings=SETTINGS, identity=identity)
        own.start()
        try:
            await statement(own.dsn, KEEP if number == 0 else "INSERT INTO kept VALUES (2)")
            assert await kept(own.dsn) == number + 1
        finally:
            own.close()


@as_root
def test_root_is_told_why_it_cannot_be_started(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)

    identity, reason = switched("nobody", tmp_path / "a" / "postgres", find_binaries())

    assert identity is None
    assert "the user nobody cannot reach" in reason


async def test_an_ordinary_user_starts_it_plainly(directory: Path) -> None:
    prefix = () if os.geteuid() else ("unshare", "--user", "--map-user=1000", "--map-group=1000", "--")

    async with owner(directory, *prefix) as (_, dsn):
        await statement(dsn, KEEP)
        assert await kept(dsn) == 1


def test_an_ordinary_user_needs_no_other_identity() -> None:
    assert Identity(1000).prefix == ()

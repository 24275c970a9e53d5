"""What an embedded server is made of, and whose it is: made whole, private, and said where it cannot be."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import pytest

from shared.errors import Misconfigured
from shared.postgres.embedded import Server, embedded
from shared.postgres.embedded.binaries import find_binaries
from shared.postgres.embedded.identity import Identity, choose_identity, mapped, switched
from tests.support.embedded import KEEP, kept, owner, running
from tests.support.postgres import SETTINGS, statement

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="how root starts PostgreSQL is seen by root alone")


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """Give a directory whose parents other users may enter."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name) / "postgres"


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

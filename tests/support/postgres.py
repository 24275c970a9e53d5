"""A real PostgreSQL for tests: one server a session, one fresh database a test."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from pydantic import SecretStr

from services.targets import TARGETS
from shared.postgres import migrate
from shared.postgres.embedded import Server
from shared.settings import PostgresSettings

T = TypeVar("T")

TEMPLATE = "symposia_template"
SETTINGS = {
    "shared_buffers": "64MB",
    "max_connections": "120",
    "fsync": "off",  # a test's database survives a process, not a machine
    "full_page_writes": "off",
}
IN_MEMORY = {**SETTINGS, "max_wal_size": "256MB"}
MEMORY = Path("/dev/shm")  # noqa: S108  Linux' file system in memory
ROOM = 4 << 30
"""Bytes that have to be free in memory for a server's files to lie there; two servers take about 1 GiB."""
_NUMBERS = count(1)


def settings_for(url: str, **changes: Any) -> PostgresSettings:
    """Return the settings of a pool at *url* that does not wait long."""
    return PostgresSettings(url=SecretStr(url), **changes)


def with_database(url: str, name: str) -> str:
    """Return *url* with another database's name."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def copy_cluster(made: Path, directory: Path) -> Path:
    """Put a copy of the cluster in *made*, which does not run, into *directory*, and return it."""
    shutil.copytree(made, directory)
    return directory


def blocking(work: Coroutine[Any, Any, T]) -> T:
    """Run *work* to its end in a loop and thread of its own, so that a synchronous fixture may."""
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(asyncio.run, work).result()


async def statement(url: str, sql: str) -> None:
    """Execute *sql* at *url*, outside any pool."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def quick_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a folder in memory where there is room: to make a database is ten times as quick there as on a disk."""
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < ROOM:
        yield tmp_path_factory.mktemp("quick")
        return
    with TemporaryDirectory(dir=MEMORY, prefix="symposia-test-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def postgres_server(quick_folder: Path) -> Iterator[Server]:
    """Run the session's one server; tests that stop or kill theirs ask for `server`."""
    server = Server(quick_folder / "postgres", settings=IN_MEMORY)
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="session")
def migrated_template(postgres_server: Server) -> str:
    """Return the name of a database in which every service's migrations were applied; copy it, never change it."""
    blocking(statement(postgres_server.dsn, f"CREATE DATABASE {TEMPLATE}"))
    blocking(migrate(with_database(postgres_server.dsn, TEMPLATE), TARGETS))
    return TEMPLATE


@pytest.fixture
def database_url(postgres_server: Server, migrated_template: str) -> Iterator[str]:
    """Return the URI of a fresh database with every service's schema."""
    yield from fresh_database(postgres_server.dsn, migrated_template)


@pytest.fixture
def empty_database_url(postgres_server: Server) -> Iterator[str]:
    """Return the URI of a fresh database with nothing in it."""
    yield from fresh_database(postgres_server.dsn, "template1")


@pytest.fixture
def postgres_settings(database_url: str) -> PostgresSettings:
    """Return the settings of a pool to a fresh database with every service's schema."""
    return settings_for(database_url)


@pytest.fixture(scope="session")
def made_cluster(quick_folder: Path) -> Path:
    """Return a directory in which a cluster was made; copy it (`copy_cluster`), which is quicker than making one."""
    directory = quick_folder / "cluster"
    maker = Server(directory, settings=SETTINGS)
    maker.start()
    maker.close()
    return directory


@pytest.fixture
def server(tmp_path: Path, made_cluster: Path) -> Iterator[Server]:
    """Run a server of the test's own, empty, to be stopped (`stop`), killed (`kill`) and started again (`start`)."""
    own = Server(copy_cluster(made_cluster, tmp_path / "postgres"), settings=SETTINGS)
    own.start()
    yield own
    own.close()


def fresh_database(dsn: str, template: str) -> Iterator[str]:
    """Yield the URI of a new database, a copy of *template*, and drop it."""
    name = f"test_{os.getpid()}_{next(_NUMBERS)}"
    blocking(statement(dsn, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy"))
    yield with_database(dsn, name)
    blocking(statement(dsn, f"DROP DATABASE {name} WITH (FORCE)"))


@contextmanager
def frozen(server: Server) -> Iterator[None]:
    """Let no process of *server* run for as long as the block lasts: connections stay open, and nobody answers."""
    assert server.pid is not None
    os.kill(server.pid, signal.SIGSTOP)  # first, so that it makes no further children
    children = [pid for pid in _children(server.pid) if _signal(pid, signal.SIGSTOP)]
    try:
        yield
    finally:
        for pid in (*children, server.pid):
            _signal(pid, signal.SIGCONT)


def _children(parent: int) -> Iterator[int]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                behind = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it ended meanwhile
            if int(behind[1]) == parent:
                yield int(folder.name)


def _signal(pid: int, number: signal.Signals) -> bool:
    """Send *number* to a process, and say whether it was there."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True

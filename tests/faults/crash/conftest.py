"""The theatre, made once a session: templates, passages, and the tables of an undisturbed run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from shared.postgres.embedded import Server
from tests.faults.crash.script import play
from tests.faults.crash.theatre import Theatre, rehearse
from tests.support.crash import Nursery
from tests.support.postgres import IN_MEMORY, blocking, copy_cluster

Show: TypeAlias = Callable[[str], None]


@pytest.fixture(scope="session")
def crash_server(made_cluster: Path, quick_folder: Path) -> Iterator[Server]:
    """Run a server of our own: it is not what dies here, so it need not wait for the disk."""
    server = Server(copy_cluster(made_cluster, quick_folder / "crash"), settings=IN_MEMORY)
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="session")
def theatre(crash_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Theatre:
    """Return the theatre, ready for the crashes."""
    made = Theatre(crash_server.dsn, Nursery(), play())
    blocking(rehearse(made, tmp_path_factory.mktemp("passages")))
    return made


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str]) -> Show:
    """Return what prints a table past pytest's capture."""

    def printed(text: str) -> None:
        with capsys.disabled():
            print(f"\n{text}")  # noqa: T201  the table is what the run is for

    return printed

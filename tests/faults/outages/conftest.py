"""PostgreSQL and Kafka of a test's own, to stop."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from shared.postgres.embedded import Server
from tests.support.postgres import SETTINGS, copy_cluster

FULL = os.environ.get("SYMPOSIA_OUTAGES") == "full"
"""Let each outage last as long as is promised; else it is short, and one broker dies once."""

OUTAGE = 30.0 if FULL else 8.0
AROUND = 8.0 if FULL else 3.0
"""Seconds before and after an outage."""

IMPATIENT = {} if FULL else {"SYMPOSIA_POSTGRES__COMMAND_TIMEOUT": "2"}
"""Settings under which a PostgreSQL that hangs is found out within a short outage, too."""

Show: TypeAlias = Callable[[object], None]


@pytest.fixture
def durable(tmp_path: Path, made_cluster: Path) -> Iterator[Server]:
    """Run a server of the test's own that writes to the disk as one in production does."""
    settings = {**SETTINGS, "fsync": "on", "full_page_writes": "on"}
    server = Server(copy_cluster(made_cluster, tmp_path / "postgres"), settings=settings)
    server.start()
    yield server
    server.close()


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str]) -> Show:
    """Return what prints a table past pytest's capture."""

    def printed(table: object) -> None:
        with capsys.disabled():
            print(f"\n{table}")  # noqa: T201  the table is what the run is for

    return printed

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from shared.postgres import Database, PostgresMetrics
from tests.support.postgres import copy_cluster, settings_for, statement

TABLES = """
CREATE SCHEMA workshop;
CREATE TABLE workshop.thing (id int PRIMARY KEY, amount int NOT NULL);
INSERT INTO workshop.thing VALUES (1, 0), (2, 0);
"""


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
async def database(empty_database_url: str, registry: CollectorRegistry) -> AsyncIterator[Database]:
    await statement(empty_database_url, TABLES)
    opened = await Database.open(
        settings_for(empty_database_url, pool_size=4, acquire_timeout=0.5, command_timeout=2.0, lock_timeout=0.5),
        schema="workshop",
        application="test",
        metrics=PostgresMetrics(registry),
    )
    yield opened
    await opened.close()


@pytest.fixture
def directory(tmp_path: Path, made_cluster: Path) -> Path:
    """Give a directory with a cluster in which nothing was written yet."""
    return copy_cluster(made_cluster, tmp_path / "pg")

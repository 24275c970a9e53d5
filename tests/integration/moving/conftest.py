"""Two installations: one that statements are in, and an empty one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from shared.postgres.embedded import Server
from shared.settings import PostgresSettings
from tests.support.gateway import Client, Doors, open_doors, settings_of
from tests.support.moving import Desk, open_desk
from tests.support.postgres import fresh_database, settings_for


@pytest.fixture
async def doors(postgres_settings: PostgresSettings) -> AsyncIterator[Doors]:
    async with open_doors(settings_of(postgres_settings)) as opened:
        yield opened


@pytest.fixture
async def client(doors: Doors) -> Client:
    return await doors.client()


@pytest.fixture
async def desk(doors: Doors, postgres_settings: PostgresSettings) -> AsyncIterator[Desk]:
    assert doors
    async with open_desk(postgres_settings) as opened:
        yield opened


@pytest.fixture
def empty_settings(postgres_server: Server, migrated_template: str) -> Iterator[PostgresSettings]:
    for url in fresh_database(postgres_server.dsn, migrated_template):
        yield settings_for(url)


@pytest.fixture
async def empty_doors(empty_settings: PostgresSettings) -> AsyncIterator[Doors]:
    async with open_doors(settings_of(empty_settings)) as opened:
        yield opened


@pytest.fixture
async def empty_desk(empty_doors: Doors, empty_settings: PostgresSettings) -> AsyncIterator[Desk]:
    assert empty_doors
    async with open_desk(empty_settings) as opened:
        yield opened

"""A gateway on the embedded installation: PostgreSQL, its log, the recorder in the same process."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from shared.settings import PostgresSettings
from tests.support.gateway import Client, Doors, open_doors, settings_of


@pytest.fixture
async def doors(postgres_settings: PostgresSettings) -> AsyncIterator[Doors]:
    async with open_doors(settings_of(postgres_settings)) as opened:
        yield opened


@pytest.fixture
async def client(doors: Doors) -> Client:
    return await doors.client()

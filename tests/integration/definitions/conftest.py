"""A recorder and the definitions of its record on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from shared.settings import PostgresSettings
from tests.support.lrs import Lrs, open_lrs


@pytest.fixture
async def lrs(postgres_settings: PostgresSettings) -> AsyncIterator[Lrs]:
    async with open_lrs(postgres_settings) as opened:
        yield opened

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from shared.settings import PostgresSettings
from tests.support.scoring import ScoringBench


@pytest.fixture
async def bench(postgres_settings: PostgresSettings) -> AsyncIterator[ScoringBench]:
    async with ScoringBench.open(postgres_settings) as opened:
        yield opened

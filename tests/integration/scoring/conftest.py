from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest
from prometheus_client import CollectorRegistry

from services.gateway.impact import routes
from shared.contracts import OBJECTION
from shared.http import create_app
from shared.postgres import Database
from shared.settings import PostgresSettings
from shared.stream.memory import MemoryLog
from tests.support.community import batch, link
from tests.support.impact import ACTS, EMAIL, HELPER, INSERT_COURSE, INSERT_LEARNER, Clock, Doors, authorise
from tests.support.scoring import ScoringBench


@pytest.fixture
async def bench(postgres_settings: PostgresSettings) -> AsyncIterator[ScoringBench]:
    async with ScoringBench.open(postgres_settings) as opened:
        yield opened


@pytest.fixture
async def doors(bench: ScoringBench, postgres_settings: PostgresSettings) -> AsyncIterator[Doors]:
    database = await Database.open(postgres_settings, schema="lrs", application="gateway-test")
    log, clock = MemoryLog(), Clock()
    await log.ensure([OBJECTION])
    router = routes(database, log, clock, authorise)
    app = create_app(service="gateway", registry=CollectorRegistry(), ready=database.ready, routers=[router])
    await database.execute(INSERT_LEARNER, UUID(HELPER), "HR/7", EMAIL)
    await database.execute(INSERT_COURSE, link().course)
    await bench.apply(batch(ACTS))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield Doors(client, database, log, clock)
    await database.close()

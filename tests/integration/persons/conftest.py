from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.gateway.recorder import Recorder
from services.gateway.statements.store import StatementStore
from shared.contracts import RECORDED
from shared.postgres import Database
from shared.settings import PostgresSettings
from tests.support.estate import KEYS, Estate
from tests.support.lrs import Lrs


@pytest.fixture
async def estate(postgres_settings: PostgresSettings) -> AsyncIterator[Estate]:
    database = await Database.open(postgres_settings, schema="lrs", application="test")
    opened = Estate(Lrs(database, Recorder(keychain=KEYS), StatementStore(database)), postgres_settings)
    await opened.log.ensure([RECORDED])
    yield opened
    await database.close()

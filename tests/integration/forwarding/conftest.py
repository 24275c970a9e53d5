"""A record, its targets, and another LRS."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.gateway.forwarding.targets import Targets
from shared.settings import PostgresSettings
from tests.support.forwarding import (
    VAULT,
)
from tests.support.lrs import Lrs, open_lrs
from tests.support.scripted import ScriptedLrs, scripted_lrs


@pytest.fixture
async def lrs(postgres_settings: PostgresSettings) -> AsyncIterator[Lrs]:
    async with open_lrs(postgres_settings) as opened:
        yield opened


@pytest.fixture
def targets(lrs: Lrs) -> Targets:
    return Targets(lrs.database, VAULT)


@pytest.fixture
async def other() -> AsyncIterator[ScriptedLrs]:
    async with scripted_lrs() as scripted:
        yield scripted

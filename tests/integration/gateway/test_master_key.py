"""The master key is known again: with another one every sender would be refused, and nobody would know why."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from services.gateway.app import SCHEMA
from services.gateway.credentials.recognising import adopt, is_recognised, recognise
from services.gateway.domain.keychain import Keychain
from shared.clock import utc_now
from shared.errors import Misconfigured
from shared.postgres import Database
from shared.settings import PostgresSettings
from shared.stream.memory import MemoryLog
from tests.support.gateway import open_doors, settings_of, wired_doors

NOW = datetime(2026, 3, 2, tzinfo=UTC)
OWN, NEXT, STRANGE = (bytes([number]) * 32 for number in range(3))


@pytest.fixture
async def database(postgres_settings: PostgresSettings) -> AsyncIterator[Database]:
    opened = await Database.open(postgres_settings, schema=SCHEMA, application="test")
    yield opened
    await opened.close()


async def test_the_first_key_is_remembered_and_another_is_refused(database: Database) -> None:
    assert await is_recognised(database, Keychain.of(STRANGE))

    await recognise(database, Keychain.of(OWN), NOW)
    await recognise(database, Keychain.of(OWN), NOW)

    with pytest.raises(Misconfigured, match="put that one back"):
        await recognise(database, Keychain.of(STRANGE), NOW)
    assert not await is_recognised(database, Keychain.of(STRANGE))


async def test_a_key_that_was_rotated_is_known_by_the_one_before_it_and_from_then_on_by_itself(database: Database) -> None:
    await recognise(database, Keychain.of(OWN), NOW)

    await recognise(database, Keychain.of(NEXT, OWN), NOW)

    await recognise(database, Keychain.of(NEXT), NOW)


async def test_a_key_that_was_adopted_is_the_only_one(database: Database) -> None:
    await recognise(database, Keychain.of(OWN), NOW)

    await adopt(database, Keychain.of(NEXT), NOW)

    await recognise(database, Keychain.of(NEXT), NOW)
    assert not await is_recognised(database, Keychain.of(OWN))


async def test_a_gateway_with_a_strange_key_does_not_start(postgres_settings: PostgresSettings, database: Database) -> None:
    await recognise(database, Keychain.of(STRANGE), NOW)

    with pytest.raises(Misconfigured, match="put that one back"):
        async with open_doors(settings_of(postgres_settings)):
            pass


async def test_a_gateway_that_learns_later_that_its_key_is_strange_is_not_ready(
    postgres_settings: PostgresSettings, database: Database
) -> None:
    async with wired_doors(settings_of(postgres_settings), MemoryLog(utc_now)) as doors:
        await recognise(database, Keychain.of(STRANGE), NOW)

        answer = await doors.http.get("/readyz")

    assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert "put that one back" in answer.text

"""The master key is known again: with another one every sender would be refused, and nobody would know why."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from services.gateway.app import SCHEMA
from services.gateway.credentials.recognising import adopt, is_recognised, recognise
from services.gateway.domain.keychain import Keychain
from shared.errors import Misconfigured
from shared.postgres import Database
from shared.settings import PostgresSettings

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

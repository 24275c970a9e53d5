"""The gateway's role reads people and courses through the contract, and nothing else of enrichment's."""

from __future__ import annotations

import asyncpg
import pytest

from shared.postgres import Query
from tests.integration.enrichment.conftest import House

AS_GATEWAY = Query("SET LOCAL ROLE symposia_lrs")


@pytest.mark.parametrize("view", ["learner_reference", "learner_profile", "learner_identity", "course_title"])
async def test_the_gateways_role_may_read_the_views_of_the_contract(house: House, view: str) -> None:
    async with house.database.transaction() as transaction:
        await transaction.execute(AS_GATEWAY)

        assert await transaction.fetch(f"SELECT * FROM records.{view}") == []  # noqa: S608  a name from the list above


@pytest.mark.parametrize("table", ["learner", "alias", "enrolment", "interaction"])
async def test_the_gateways_role_may_not_read_the_tables_behind_them(house: House, table: str) -> None:
    async with house.database.transaction() as transaction:
        await transaction.execute(AS_GATEWAY)

        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await transaction.fetch(f"SELECT * FROM records.{table}")  # noqa: S608  a name from the list above

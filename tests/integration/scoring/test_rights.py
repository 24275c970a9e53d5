"""The gateway's role reads impact through the contract, and nothing else of scoring's."""

from __future__ import annotations

from uuid import UUID

import asyncpg
import pytest

from shared.postgres import Query
from tests.support.community import BEGIN, community, learner
from tests.support.scoring import EXPLANATION, IMPACT, ScoringBench

AS_GATEWAY = Query("SET LOCAL ROLE symposia_lrs")
CHANGES = Query("SELECT * FROM impact.change")


async def test_the_gateways_role_may_read_impact_its_explanation_and_what_changed(bench: ScoringBench) -> None:
    await bench.hear(community(1, size=40))

    async with bench.database.transaction() as transaction:
        await transaction.execute(AS_GATEWAY)
        impact = await transaction.fetchrow(IMPACT, UUID(learner(0)), BEGIN)
        explanation = await transaction.fetch(EXPLANATION, UUID(learner(0)), BEGIN)
        changes = await transaction.fetch(CHANGES)

    assert impact is not None
    assert impact["facts"] == len(explanation)
    assert changes


@pytest.mark.parametrize("table", ["objection", "receipt", "statement_revision"])
async def test_the_gateways_role_may_not_read_who_objects_or_received(bench: ScoringBench, table: str) -> None:
    async with bench.database.transaction() as transaction:
        await transaction.execute(AS_GATEWAY)

        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await transaction.fetch(f"SELECT * FROM impact.{table}")  # noqa: S608  a name from the list above

"""Facts of two versions of the rules are never summed."""

from __future__ import annotations

import pytest

from services.scoring.domain.rules import VERSION
from services.scoring.rules import adopt_rules, forget
from shared.errors import Misconfigured
from shared.postgres import Query
from tests.support.community import BEGIN, community, learner, objection
from tests.support.scoring import IMPACT, ScoringBench

OTHERS = Query("UPDATE rules SET version = '0-older'")


async def test_facts_of_other_rules_stop_the_start(bench: ScoringBench) -> None:
    await bench.database.execute(OTHERS)

    with pytest.raises(Misconfigured, match="replay"):
        await adopt_rules(bench.database)


async def test_a_consumer_stops_when_a_replay_changes_the_rules_under_it(bench: ScoringBench) -> None:
    await bench.database.execute(OTHERS)

    with pytest.raises(Misconfigured, match="replay"):
        await bench.hear(community(1, size=3))


async def test_a_replay_begins_with_empty_tables_and_these_rules_and_keeps_objections(bench: ScoringBench) -> None:
    messages = community(1, size=30)
    await bench.apply(objection(0))
    before = await bench.hear(messages)
    await bench.database.execute(OTHERS)

    await forget(bench.database)
    empty = await bench.digest()
    await adopt_rules(bench.database)

    assert (empty.facts, empty.cells, empty.receipts) == (0, 0, 0)
    assert await bench.hear(messages) == before


async def test_an_answer_names_the_rules(bench: ScoringBench) -> None:
    row = await bench.database.fetchrow(IMPACT, learner(1), BEGIN)

    assert row is not None
    assert (row["rules_version"], row["as_of"]) == (VERSION, BEGIN)

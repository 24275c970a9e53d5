"""What people of very many facts cost: told by the plans that PostgreSQL makes, and the rows that it looks at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import orjson
import pytest

from services.scoring.domain.act import key_of
from services.scoring.store import QUERIES
from shared.postgres import Query
from shared.xapi.vocabulary import Verb
from tests.support.community import BEGIN, artefact, batch, community, enriched, learner, link, objection
from tests.support.scoring import EXPLANATION, IMPACT, ScoringBench

MANY = 300


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every node of a plan."""
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def seen(node: dict[str, Any]) -> int:
    """Count the rows that a node of an executed plan looked at."""
    each: float = node["Actual Rows"] + node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Join Filter", 0)
    loops: int = node["Actual Loops"]
    return round(each * loops)


async def test_who_writes_to_one_thing_very_often_has_no_receipts_read_for_each_of_it(bench: ScoringBench) -> None:
    comments = [enriched(number, Verb.COMMENTED, object=artefact(0), links=(link(),)) for number in range(MANY)]
    await bench.apply(batch(comments))

    async with bench.database.transaction() as transaction:
        explain = f"EXPLAIN (ANALYZE, FORMAT JSON) {QUERIES['recount']}"
        plan = orjson.loads(await transaction.fetchval(explain, [key_of(artefact(0))]))[0]["Plan"]

    assert sum(seen(node) for node in nodes(plan) if node.get("Relation Name") == "receipt") <= MANY


async def test_of_very_many_cells_that_are_empty_each_is_looked_up_once(bench: ScoringBench) -> None:
    likes = [
        enriched(number, Verb.LIKED, object=artefact(0), learner=learner(number), author=learner(1), links=(link(),))
        for number in range(2, MANY)
    ]
    await bench.apply(batch(likes))

    async with bench.database.transaction() as transaction:
        await transaction.execute("ANALYZE cell")  # which knows of no cell that is empty
        for kind in ("hashjoin", "mergejoin"):  # which it does not take for ten thousand either
            await transaction.execute(f"SET LOCAL enable_{kind} = off")
        cells = await transaction.fetch("UPDATE cell SET weight_micro = 0 RETURNING beneficiary, actor, dimension, week")
        explain = f"EXPLAIN (ANALYZE, FORMAT JSON) {QUERIES['drop_empty_cells']}"
        plan = orjson.loads(await transaction.fetchval(explain, *map(list, zip(*cells, strict=True))))[0]["Plan"]
        left = await transaction.fetchval("SELECT count(*) FROM cell")

    assert (len(cells), left) == (MANY - 2, 0)
    assert max(map(seen, nodes(plan))) <= MANY


async def test_very_much_is_let_go_of_some_at_a_time_and_nothing_else_with_it(
    bench: ScoringBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = community(seed=3, size=60)
    await bench.apply(objection(1))
    absent = await bench.hear(said)
    await bench.clear()
    await bench.hear(said)

    monkeypatch.setattr("services.scoring.store.AT_ONCE", 2)
    await bench.apply(objection(1))

    assert await bench.digest() == absent


@pytest.mark.parametrize("query", [IMPACT, EXPLANATION])
@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
async def test_nothing_is_called_to_fade_each_fact_or_cell(bench: ScoringBench, query: Query, mode: str) -> None:
    async with bench.database.transaction() as transaction:
        await transaction.execute(f"SET LOCAL plan_cache_mode = {mode}")
        await transaction.execute(f"PREPARE told (uuid, timestamptz) AS {query}")
        plan = await transaction.fetch(f"EXPLAIN (VERBOSE) EXECUTE told ('{learner(0)}', '{BEGIN}')")
        await transaction.execute("DEALLOCATE told")

    assert not [line for (line,) in plan if "decay(" in line or "week_of(" in line]


async def test_facts_are_counted_without_a_look_at_their_rows(bench: ScoringBench) -> None:
    async with bench.database.transaction() as transaction:
        for kind in ("seqscan", "bitmapscan"):  # which are as good for tables of nothing
            await transaction.execute(f"SET LOCAL enable_{kind} = off")
        plan = orjson.loads(await transaction.fetchval(f"EXPLAIN (FORMAT JSON) {IMPACT}", UUID(learner(0)), BEGIN))[0]["Plan"]

    assert [node["Node Type"] for node in nodes(plan) if node.get("Relation Name") == "fact"] == ["Index Only Scan"]

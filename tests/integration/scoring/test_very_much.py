"""What people of very many facts cost: told by the plans that PostgreSQL makes, and the rows that it looks at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from services.scoring.domain.act import key_of
from services.scoring.store import QUERIES
from shared.xapi.vocabulary import Verb
from tests.support.community import artefact, batch, enriched, link
from tests.support.scoring import ScoringBench

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

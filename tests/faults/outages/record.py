"""The record afterwards, read through the door page by page, and counted in the table."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import asyncpg

from tests.faults.outages.installation import Installation
from tests.faults.outages.senders import OK

PATIENCE: Final = 120.0
SENDER: Final = "mailto:sender-"


@dataclass(frozen=True, slots=True)
class Found:
    """The senders' statements that were found, each with its `stored`; *doubled* stood there twice.

    *heard* is how often the statements were found that platforms told. *whole* says that the order of the record has no gaps, and
    that its `stored` rises.
    """

    stored: Mapping[str, datetime]
    heard: Mapping[str, int]
    doubled: int
    whole: bool


async def find_all(running: Installation, accepted: AbstractSet[str]) -> Found:
    """Wait until the record has as many statements as were *accepted*, then read it through the door."""
    connection = await asyncpg.connect(running.server.dsn)
    try:
        async with asyncio.timeout(PATIENCE):
            while await connection.fetchval("SELECT count(*) FROM lrs.statement WHERE NOT voided") < len(accepted):
                assert running.alive(), running.end()
                await asyncio.sleep(0.1)
            statements = await _pages(running)
            while accepted - {each["id"] for each in statements}:
                await asyncio.sleep(0.5)
                statements = await _pages(running)
        rows = await connection.fetch("SELECT seq, stored FROM lrs.statement ORDER BY seq")
    finally:
        await connection.close()
    sent = [each for each in statements if each["actor"].get("mbox", "").startswith(SENDER)]
    heard = Counter(each["id"] for each in statements if "account" in each["actor"])
    times = Counter(each["id"] for each in sent)
    in_order = [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    rising = sorted({row["stored"] for row in rows}) == [row["stored"] for row in rows]
    stored = {each["id"]: datetime.fromisoformat(each["stored"]) for each in sent}
    return Found(stored, heard, sum(number - 1 for number in times.values()), in_order and rising)


async def _pages(running: Installation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    more = "/xapi/statements?limit=500&ascending=true"
    while more:
        answer = await running.http.get(more)
        assert answer.status_code == OK, answer.text
        page = answer.json()
        found += page["statements"]
        more = page["more"]
    return found

"""Kafka goes while senders post: they are told so and try again, the gateway's memory stays as it was, and all recovers."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from statistics import median

import pytest

from deploy.kafka.broker import Broker
from shared.postgres.embedded import Server
from tests.faults.outages.conftest import AROUND, FULL, OUTAGE, Show
from tests.faults.outages.installation import Installation, installed
from tests.faults.outages.readers import reading
from tests.faults.outages.record import find_all
from tests.faults.outages.report import Outage, Report
from tests.faults.outages.senders import Answer, now, sending, timed
from tests.support.gateway import statement
from tests.support.kafka import StartCluster

DEADLINE = 5.0 if FULL else 2.0
"""Seconds: whoever tries again after it is answered again within the outage."""
SLACK = 2.0
"""Seconds that a busy machine may add to the deadline of an append."""

START = 180.0
BACK = 30.0
BURST, LARGE = 200, 100 * 1024
UNDER_WAY = 1024 * 1024
GROWTH = 64.0
"""Megabytes that the gateway may grow by while 20 MB are posted that have nowhere to go."""

NEEDS_THE_LOG = "POST attachment"

pytestmark = pytest.mark.timeout(600)


async def test_without_kafka_posts_answer_503_memory_stays_bounded_and_all_recovers_by_itself(
    durable: Server, start_kafka: StartCluster, tmp_path: Path, show: Show
) -> None:
    cluster = await asyncio.to_thread(start_kafka, 1)
    bounded = {"SYMPOSIA_STREAM__APPEND__INFLIGHT_BYTES": str(UNDER_WAY), "SYMPOSIA_STREAM__APPEND__DEADLINE": str(DEADLINE)}
    async with installed(durable, cluster, tmp_path, bounded) as running:
        async with reading(running) as readers, sending(running.http) as senders:
            await asyncio.sleep(AROUND)
            outage, burst = await without(cluster.brokers[0], running)
            await until_accepted(running)
            await asyncio.sleep(AROUND)
        found = await find_all(running, senders.accepted.keys())

    report = Report("Kafka stopped", outage, senders, readers, found)
    at_once = [each for each in burst if each.seconds < DEADLINE]
    show(
        f"{report}\n  {BURST} posts of {LARGE // 1024} KiB at once: {len(at_once)} refused within {DEADLINE:g} s; "
        f"{max(readers.under_way) / 1024:.0f} KiB under way at most, of {UNDER_WAY // 1024} allowed"
    )
    meanwhile = [each for each in senders.answers if outage.within(each)]
    assert {each.status for each in [*meanwhile, *burst]} == {503}
    assert all(int(each.retry_after) > 0 for each in [*meanwhile, *burst])
    assert median(each.seconds for each in meanwhile) < DEADLINE + SLACK
    assert 0 < max(readers.under_way) <= UNDER_WAY
    assert report.memory("during") < report.memory("before") + GROWTH
    assert {each.status for each in readers.answers if outage.within(each) and each.name != NEEDS_THE_LOG} <= {200, 204, 404}
    assert report.recovered() < BACK
    assert (report.lost(), report.surplus(), found.doubled, found.whole) == (set(), set(), 0, True)


async def without(broker: Broker, running: Installation) -> tuple[Outage, list[Answer]]:
    """Stop *broker*, post a burst in the midst of the outage, and start it again; return when that was, and the answers."""
    await asyncio.to_thread(broker.kill)
    began = now()
    await asyncio.sleep(OUTAGE / 2)
    large = statement(context={"extensions": {"https://example.org/large": "x" * LARGE}})
    body, kind = json.dumps(large), {"Content-Type": "application/json"}
    posts = (timed("burst", lambda: running.http.post("/xapi/statements", content=body, headers=kind)) for _ in range(BURST))
    burst = await asyncio.gather(*posts)
    await asyncio.sleep(max(0.0, began + OUTAGE - now()))
    ended = now()
    await asyncio.to_thread(broker.start, START)
    return Outage(began, ended, now()), burst


async def until_accepted(running: Installation) -> None:
    """Wait until a statement is accepted again."""
    async with asyncio.timeout(120):
        while (await running.http.post("/xapi/statements", json=statement())).status_code != 200:  # noqa: ASYNC110
            await asyncio.sleep(0.2)

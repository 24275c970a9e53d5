"""One broker of three dies while senders post: nothing that was acknowledged is lost."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import pytest

from deploy.kafka.cluster import Cluster
from shared.contracts import RECEIVED, RECORDED
from shared.postgres.embedded import Server
from tests.faults.outages.conftest import AROUND, FULL, OUTAGE, Show
from tests.faults.outages.installation import installed
from tests.faults.outages.readers import reading
from tests.faults.outages.record import find_all
from tests.faults.outages.report import Outage, Report
from tests.faults.outages.senders import now, sending
from tests.support.kafka import StartCluster, administrator

KILLED: Final = 3 if FULL else 1
REPLICAS: Final = 3
START: Final = 180.0
WHOLE: Final = 180.0

pytestmark = pytest.mark.timeout(1800)


async def test_one_broker_of_three_dies_and_nothing_acknowledged_is_lost(
    durable: Server, start_kafka: StartCluster, tmp_path: Path, show: Show
) -> None:
    cluster = await asyncio.to_thread(start_kafka, 3)
    outages = []
    async with installed(durable, cluster, tmp_path, {}) as running:
        async with reading(running) as readers, sending(running.http) as senders:
            for broker in cluster.brokers[:KILLED]:
                await until_in_sync(cluster)
                await asyncio.sleep(AROUND)
                await asyncio.to_thread(broker.kill)
                began = now()
                await asyncio.sleep(OUTAGE)
                ended = now()
                await asyncio.to_thread(broker.start, START)
                outages.append(Outage(began, ended, now()))
            await until_in_sync(cluster)
            await asyncio.sleep(AROUND)
        found = await find_all(running, senders.accepted.keys())

    reports = [
        Report(f"Broker {broker.node} of three killed", outage, senders, readers, found)
        for broker, outage in zip(cluster.brokers, outages, strict=False)
    ]
    for report in reports:
        show(report)
        assert any(each.status == 200 for each in senders.answers if report.outage.within(each))
    assert {each.status for each in senders.answers} <= {200, 503}
    assert (reports[0].lost(), reports[0].surplus(), found.doubled, found.whole) == (set(), set(), 0, True)


async def until_in_sync(cluster: Cluster) -> None:
    """Wait until every partition has all its replicas in sync."""
    async with asyncio.timeout(WHOLE):
        while await fewest_in_sync(cluster) < REPLICAS:  # noqa: ASYNC110  other processes' work
            await asyncio.sleep(0.5)


async def fewest_in_sync(cluster: Cluster) -> int:
    async with administrator(cluster.bootstrap) as client:
        topics = await client.describe_topics([RECEIVED.name, RECORDED.name])
    return min(len(partition["isr"]) for topic in topics for partition in topic["partitions"])

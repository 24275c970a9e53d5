"""Clients of aiokafka are replaced once one of their tasks met what uvloop raises when a connection is reset."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from deploy.kafka.cluster import Cluster
from shared.errors import Unavailable
from shared.stream import Outgoing, Partition
from tests.contract.stream.brokered import new_topic, opened


async def fetching_ends(inbox: Any) -> None:
    inbox._consumer._fetcher._fetch_task.cancel()


async def learning_ends(inbox: Any) -> None:
    await lose(inbox._client)


async def raise_as_uvloop_does(*_: object) -> None:
    raise RuntimeError("unable to perform operation; the handler is closed")


async def lose(client: Any) -> None:
    """Let *client* meet what aiokafka does not expect while it learns where partitions are led."""
    client._metadata_update = raise_as_uvloop_does
    client.force_metadata_update()
    await asyncio.wait([client._sync_task])


async def beating_ends(inbox: Any) -> None:
    coordinator = inbox._consumer._coordinator
    coordinator._do_heartbeat = raise_as_uvloop_does
    coordinator._heartbeat_interval_ms = 10
    await coordinator._stop_heartbeat_task()
    coordinator._start_heartbeat_task()
    await asyncio.wait([coordinator._heartbeat_task])
    coordinator.request_rejoin()  # wakes who looks at the heartbeats


async def fetch_on(inbox: Any) -> None:
    async with asyncio.timeout(10):
        while True:
            await inbox.fetch(10, 0.1)


@pytest.mark.parametrize(
    ("end", "said"),
    [(fetching_ends, "fetches no more"), (learning_ends, "fetches no more"), (beating_ends, "the handler is closed")],
    ids=["fetching", "metadata", "heartbeats"],
)
async def test_a_consumer_whose_client_broke_is_replaced(
    kafka_broker: Cluster, end: Callable[[Any], Awaitable[None]], said: str
) -> None:
    async with opened(kafka_broker) as log, opened(kafka_broker) as writer:
        topic = await new_topic(log)
        partition = Partition(topic.name, 0)
        inbox: Any = await log.inbox("readers", [topic])
        await inbox.seek(partition, 0)
        await writer.append([Outgoing(topic, b"news")])

        await end(inbox)

        with pytest.raises(Unavailable, match=said):
            await fetch_on(inbox)
        while (batch := await inbox.fetch(10, 0.1)) is None:
            await inbox.seek(partition, 0)
        await inbox.close()

    assert [record.value for record in batch.records] == [b"news"]


async def test_a_producer_whose_client_learns_no_more_is_replaced(kafka_broker: Cluster) -> None:
    async with opened(kafka_broker) as log:
        topic = await new_topic(log)
        await log.append([Outgoing(topic, b"1")])
        sender: Any = log._producer(topic.name)._sender

        await lose(sender._producer.client)

        with pytest.raises(Unavailable, match="learns no more"):
            await log.append([Outgoing(topic, b"2")])
        (position,) = await log.append([Outgoing(topic, b"2")])

    assert position.offset == 1

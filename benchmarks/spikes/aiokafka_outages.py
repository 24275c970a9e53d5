"""What aiokafka does while the broker is away: frozen, killed, one of three lost."""

import asyncio
import shutil
import time
from collections import Counter
from collections.abc import Awaitable
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from benchmarks.spikes.aiokafka_clients import consuming, everything, new_topic, producing
from deploy.kafka.cluster import Cluster

DEADLINE = 2.0


async def a_cancelled_send_is_delivered_later(cluster: Cluster) -> str:
    """Freeze the broker, give up a send at its deadline, thaw, and look whether the record arrived."""
    topic = await new_topic(cluster)
    async with producing(cluster.bootstrap, request_timeout_ms=3000) as producer:
        await producer.send_and_wait(topic, b"first")
        cluster.brokers[0].freeze()
        outcome = await _send(producer.send_and_wait(topic, b"given up"))
        await asyncio.sleep(4)
        cluster.brokers[0].thaw()
        after = await _send(producer.send_and_wait(topic, b"after"), 15)
    values = Counter(record.value.decode() for record in await everything(cluster, topic))
    return f"at the deadline: {outcome}; after the thaw: {after}; in the log: {dict(values)}"


async def a_killed_broker_comes_back(cluster: Cluster) -> str:
    """Kill the broker under a steady producer and a consumer, start it again, count what became of each record."""
    topic = await new_topic(cluster)
    place = TopicPartition(topic, 0)
    outcomes: Counter[str] = Counter()
    acknowledged: list[bytes] = []
    over = asyncio.Event()
    async with producing(cluster.bootstrap) as producer, consuming(cluster.bootstrap) as consumer, asyncio.TaskGroup() as tasks:
        consumer.assign([place])
        consumer.seek(place, 0)
        for lane in range(8):
            tasks.create_task(_steadily(producer, topic, lane, over, outcomes, acknowledged))
        await asyncio.sleep(1)
        await asyncio.to_thread(cluster.brokers[0].kill)
        await asyncio.sleep(4)
        began = time.monotonic()
        await asyncio.to_thread(cluster.brokers[0].start)
        ready = time.monotonic() - began
        before = len(acknowledged)
        while len(acknowledged) == before:  # noqa: ASYNC110  # 5 ms is the figure's resolution
            await asyncio.sleep(0.005)
        resumed = time.monotonic() - began - ready
        await asyncio.sleep(2)
        over.set()
        read = await _drain(consumer, place)
    stored = Counter(record.value for record in await everything(cluster, topic))
    lost = sum(1 for value in acknowledged if value not in stored)
    doubled = sum(count - 1 for count in stored.values())
    unasked = len(set(stored) - set(acknowledged))
    return (
        f"{dict(outcomes)}; lost {lost}, doubled {doubled}, given up yet stored {unasked}; "
        f"first send {resumed:+.2f} s after ready; the consumer read {read} of {sum(stored.values())}"
    )


async def acknowledged_records_vanish(cluster: Cluster) -> str:
    """Put the broker back to an older state of its disk under a running producer: its sequence has a gap then."""
    topic, broker = await new_topic(cluster), cluster.brokers[0]
    data, saved = broker.home / "data", broker.home / "saved"
    async with producing(cluster.bootstrap) as producer:
        await producer.send_and_wait(topic, b"kept")
        await asyncio.to_thread(broker.stop)
        await asyncio.to_thread(shutil.copytree, data, saved)
        await asyncio.to_thread(broker.start)
        for _ in range(3):
            await producer.send_and_wait(topic, b"vanishes")
        await asyncio.to_thread(broker.kill)
        await asyncio.to_thread(shutil.rmtree, data)
        await asyncio.to_thread(saved.rename, data)
        await asyncio.to_thread(broker.start)
        outcomes = [await _send(producer.send_and_wait(topic, b"after"), 5) for _ in range(3)]
    async with producing(cluster.bootstrap) as rebuilt:
        outcomes.append("rebuilt: " + await _send(rebuilt.send_and_wait(topic, b"after"), 5))
    return ", ".join(outcomes)


async def one_of_three_is_lost(cluster: Cluster) -> str:
    """Kill the leader of three under a steady producer: how long until the others acknowledge."""
    topic = await new_topic(cluster)
    async with producing(cluster.bootstrap) as producer:
        await producer.send_and_wait(topic, b"before")
        leader = producer.client.cluster.leader_for_partition(TopicPartition(topic, 0))
        (victim,) = (broker for broker in cluster.brokers if broker.node == leader)
        await asyncio.to_thread(victim.kill)
        began = time.monotonic()
        one_lost = await _send(producer.send_and_wait(topic, b"one lost"), 30)
        took = time.monotonic() - began
        second = next(broker for broker in cluster.brokers if broker.running)
        await asyncio.to_thread(second.kill)
        two_lost = await _send(producer.send_and_wait(topic, b"two lost"), 10)
        for broker in (victim, second):
            await asyncio.to_thread(broker.launch)
        back = await _send(producer.send_and_wait(topic, b"back"), 60)
    values = dict(Counter(record.value.decode() for record in await everything(cluster, topic)))
    return f"leader killed: {one_lost} after {took:.1f} s; two killed: {two_lost}; back: {back}; in the log: {values}"


async def _steadily(  # noqa: PLR0917  # a private lane of the check above
    producer: Any, topic: str, lane: int, over: asyncio.Event, outcomes: Counter[str], acknowledged: list[bytes]
) -> None:
    """Send numbered records one after another, each with a deadline, until *over*."""
    number = 0
    while not over.is_set():
        number += 1
        value = f"{lane}-{number}".encode()
        outcome = await _send(producer.send_and_wait(topic, value))
        outcomes[outcome] += 1
        if outcome == "sent":
            acknowledged.append(value)
        await asyncio.sleep(0.005)


async def _drain(consumer: Any, place: TopicPartition) -> int:
    """Read to the end of the partition and return how many records there are before it."""
    async with asyncio.timeout(20):
        end = (await consumer.end_offsets([place]))[place]
        while await consumer.position(place) < end:
            await consumer.getmany(timeout_ms=200)
    return int(await consumer.position(place))


async def _send(sending: Awaitable[Any], seconds: float = DEADLINE) -> str:
    """Name how a send with a deadline of *seconds* ended."""
    try:
        async with asyncio.timeout(seconds):
            await sending
    except TimeoutError:
        return f"pending after {seconds:g} s"
    except KafkaError as error:
        return type(error).__name__
    return "sent"

"""What aiokafka costs against this broker: CPU of this process for each record, and latencies."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from aiokafka import TopicPartition

from benchmarks.spikes.aiokafka_clients import VALUE, Check, consuming, new_topic, producing
from deploy.kafka.cluster import Cluster

RECORDS = 20_000


def many_tasks(linger: int) -> Check:
    """Return the figure of `send_and_wait` by 64 tasks with a linger of *linger* ms."""

    async def figure(cluster: Cluster) -> str:
        topic = await new_topic(cluster)
        async with producing(cluster.bootstrap, linger_ms=linger) as producer:
            latencies: list[float] = []
            began, cpu = time.perf_counter(), time.process_time()
            async with asyncio.TaskGroup() as tasks:
                for _ in range(64):
                    tasks.create_task(_send_in_turn(producer, topic, RECORDS // 64, latencies))
            spent, took = time.process_time() - cpu, time.perf_counter() - began
        return f"{spent / RECORDS * 1e6:.0f} µs CPU/record, {RECORDS / took:,.0f}/s, {percentiles(latencies)}"

    return figure


def one_task(linger: int) -> Check:
    """Return the figure of one send after another, with a linger of *linger* ms."""

    async def figure(cluster: Cluster) -> str:
        topic = await new_topic(cluster)
        latencies: list[float] = []
        async with producing(cluster.bootstrap, linger_ms=linger) as producer:
            await producer.send_and_wait(topic, VALUE)
            await _send_in_turn(producer, topic, 1000, latencies)
        return percentiles(latencies)

    return figure


async def batch_api(cluster: Cluster) -> str:
    """Append records to batches by hand and send each batch whole."""
    topic = await new_topic(cluster)
    began, cpu = time.perf_counter(), time.process_time()
    await _fill(cluster, topic)
    spent, took = time.process_time() - cpu, time.perf_counter() - began
    return f"{spent / RECORDS * 1e6:.1f} µs CPU/record, {RECORDS / took:,.0f}/s"


async def sends_at_once(cluster: Cluster) -> str:
    """Await 20,000 sends at once: how many get no place in a batch before the request timeout."""
    topic = await new_topic(cluster)
    async with producing(cluster.bootstrap) as producer:
        began = time.perf_counter()
        sends = [producer.send_and_wait(topic, VALUE) for _ in range(RECORDS)]
        answers = await asyncio.gather(*sends, return_exceptions=True)
    failures = Counter(type(answer).__name__ for answer in answers if isinstance(answer, BaseException))
    return f"{RECORDS - failures.total()} sent in {time.perf_counter() - began:.1f} s, failed: {dict(failures)}"


async def get_many(cluster: Cluster) -> str:
    """Read a backlog with getmany, 500 records at most in one call."""
    topic = await new_topic(cluster)
    place = TopicPartition(topic, 0)
    await _fill(cluster, topic)
    async with consuming(cluster.bootstrap) as consumer:
        consumer.assign([place])
        consumer.seek(place, 0)
        began, cpu, read = time.perf_counter(), time.process_time(), 0
        while read < RECORDS:
            read += len((await consumer.getmany(timeout_ms=1000, max_records=500)).get(place, []))
        spent, took = time.process_time() - cpu, time.perf_counter() - began
    return f"{spent / RECORDS * 1e6:.1f} µs CPU/record, {RECORDS / took:,.0f}/s"


async def seen_by_a_consumer(cluster: Cluster) -> str:
    """Time from a send to the moment a waiting consumer has the record."""
    topic = await new_topic(cluster)
    place = TopicPartition(topic, 0)
    latencies: list[float] = []
    async with producing(cluster.bootstrap) as producer, consuming(cluster.bootstrap) as consumer:
        consumer.assign([place])
        consumer.seek(place, 0)
        for _ in range(500):
            began = time.perf_counter()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(producer.send_and_wait(topic, VALUE))
                tasks.create_task(_one(consumer, latencies, began))
    return percentiles(latencies)


async def _fill(cluster: Cluster, topic: str) -> None:
    """Put all records into *topic* through the batch API."""
    async with producing(cluster.bootstrap) as producer:
        sent = 0
        while sent < RECORDS:
            batch = producer.create_batch()
            while sent < RECORDS and batch.append(key=None, value=VALUE, timestamp=None) is not None:
                sent += 1
            await (await producer.send_batch(batch, topic, partition=0))


async def _one(consumer: Any, latencies: list[float], began: float) -> None:
    """Wait for one record and note how long it took since *began*."""
    while not await consumer.getmany(timeout_ms=1000):
        pass
    latencies.append(time.perf_counter() - began)


async def _send_in_turn(producer: Any, topic: str, count: int, latencies: list[float]) -> None:
    """Send *count* records one after another."""
    for _ in range(count):
        began = time.perf_counter()
        await producer.send_and_wait(topic, VALUE)
        latencies.append(time.perf_counter() - began)


def percentiles(seconds: Sequence[float]) -> str:
    """Return p50 and p99 in ms."""
    ordered = sorted(seconds)
    return f"p50 {ordered[len(ordered) // 2] * 1000:.2f} ms, p99 {ordered[len(ordered) * 99 // 100] * 1000:.2f} ms"

"""The supervisor of a producer, over a producer in memory that breaks, hangs and starts on demand."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from prometheus_client import CollectorRegistry

from shared.contracts.topics import Topic
from shared.errors import Unavailable
from shared.stream import Outgoing, Partition, Position, StreamMetrics
from shared.stream.inflight import InFlight
from shared.stream.producer import BrokenProducer, Pending, Producer

TOPIC = Topic("said.v1", partitions=1)


class Broker:
    """What all producers of a test write to, and how it treats them."""

    def __init__(self) -> None:
        self.values: list[bytes] = []
        self.events: list[str] = []
        self.down = False
        self.silent = False
        self.breaks = 0
        self.unanswered: list[asyncio.Future[int]] = []


class MemorySender:
    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    async def start(self) -> None:
        if self._broker.down:
            raise Unavailable("broker", "down")
        self._broker.events.append("start")

    async def enqueue(self, records: Sequence[Outgoing], pending: list[Pending]) -> None:
        for index, record in enumerate(records):
            acknowledged: asyncio.Future[int] = asyncio.get_running_loop().create_future()
            pending.append(Pending((index,), acknowledged))
            if self._broker.breaks:
                self._broker.breaks -= 1
                acknowledged.set_exception(BrokenProducer("out of order"))
            elif self._broker.silent:
                self._broker.unanswered.append(acknowledged)
            else:
                self._broker.values.append(record.value)
                acknowledged.set_result(len(self._broker.values) - 1)

    def positions(self, pending: Pending) -> Sequence[Position]:
        return [Position(Partition(TOPIC.name, 0), pending.acknowledged.result())]

    async def stop(self, deadline: float) -> None:
        self._broker.events.append("stop" if deadline else "drop")


def producer(broker: Broker, **settings: float) -> tuple[Producer, CollectorRegistry]:
    registry = CollectorRegistry()
    metrics = StreamMetrics(registry)
    told = {"deadline": 10.0, "inflight_bytes": 100, **settings}
    in_flight = InFlight(int(told["inflight_bytes"]), metrics.buffered_bytes)
    return Producer(lambda: MemorySender(broker), in_flight, deadline=told["deadline"], metrics=metrics), registry


def said(*values: bytes) -> list[Outgoing]:
    return [Outgoing(TOPIC, value) for value in values]


async def test_positions_come_in_the_order_of_the_records() -> None:
    supervised, _ = producer(Broker())

    positions = await supervised.append(said(b"a", b"b", b"c"))

    assert [position.offset for position in positions] == [0, 1, 2]


async def test_a_broken_producer_is_ended_before_another_starts() -> None:
    broker = Broker()
    supervised, registry = producer(broker)
    await supervised.append(said(b"before"))
    broker.breaks = 1

    with pytest.raises(Unavailable, match="broke"):
        await supervised.append(said(b"broken"))
    await supervised.append(said(b"after"))

    assert broker.values == [b"before", b"after"]
    assert broker.events == ["start", "stop", "start"]
    assert registry.get_sample_value("symposia_producer_rebuilds_total") == 1


async def test_everybody_who_sees_a_producer_break_asks_for_one_successor() -> None:
    broker = Broker()
    supervised, registry = producer(broker)
    broker.breaks = 5

    outcomes = await asyncio.gather(*(supervised.append(said(b"x")) for _ in range(5)), return_exceptions=True)
    await supervised.append(said(b"after"))

    assert all(isinstance(outcome, Unavailable) for outcome in outcomes)
    assert broker.events == ["start", "stop", "start"]
    assert registry.get_sample_value("symposia_producer_rebuilds_total") == 1


async def test_a_silent_broker_is_unavailable_at_the_deadline_and_its_bytes_stay_under_way() -> None:
    broker = Broker()
    supervised, registry = producer(broker, deadline=0.1)
    broker.silent = True

    with pytest.raises(Unavailable, match="acknowledgement"):
        await supervised.append(said(b"x" * 60))
    with pytest.raises(Unavailable, match="under way"):
        await supervised.append(said(b"x" * 60))

    assert registry.get_sample_value("symposia_producer_buffered_bytes") == 60
    broker.silent = False
    broker.unanswered[0].set_result(0)
    await asyncio.sleep(0)
    assert registry.get_sample_value("symposia_producer_buffered_bytes") == 0
    await supervised.append(said(b"x" * 60))


async def test_a_broker_that_is_down_at_the_start_is_tried_again_at_the_next_append() -> None:
    broker = Broker()
    supervised, _ = producer(broker)
    broker.down = True
    with pytest.raises(Unavailable, match="down"):
        await supervised.append(said(b"lost"))

    broker.down = False
    await supervised.append(said(b"found"))

    assert broker.values == [b"found"]

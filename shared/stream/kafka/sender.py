"""One idempotent producer: it lives until it breaks."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka import errors as kafka

from shared.clock import utc_now
from shared.errors import Misconfigured, Unavailable
from shared.stream.kafka.access import Access
from shared.stream.kafka.connection import MESSAGE_BYTES, forbidden, is_lost, let_be_closed
from shared.stream.kafka.tail import Acknowledgements
from shared.stream.partitioning import Partitioner
from shared.stream.producer import BrokenProducer, Pending
from shared.stream.record import Outgoing, Partition, Position

BATCH_BYTES: Final = 128 * 1024
MANY: Final = 4
"""Records from which on an append builds its batches itself, for a quarter of the time per record."""

ABORT_PATIENCE: Final = 2.0


class KafkaSender:
    """A topic's producer of aiokafka, acks=all and idempotent; a failed batch breaks it, because its sequence then has a hole."""

    def __init__(self, access: Access, acknowledgements: Acknowledgements) -> None:
        self._acknowledgements = acknowledgements
        self._access = access
        self._producer = AIOKafkaProducer(
            **access.client(),
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            max_batch_size=BATCH_BYTES,
            max_request_size=MESSAGE_BYTES,
        )
        self._partitioner = Partitioner()
        self._topic = ""
        self._turn = asyncio.Lock()

    async def start(self) -> None:
        """Reach the brokers. Raises Unavailable, Misconfigured."""
        await self._access.enter(self._producer, "write to topics")

    async def enqueue(self, records: Sequence[Outgoing], pending: list[Pending]) -> None:
        """Hand *records*, all of one topic, over one after the other. Raises Unavailable, Misconfigured, BrokenProducer.

        Only one append at a time waits for a place in the batches: a crowd that waits together starves.
        """
        if is_lost(self._producer.client):
            raise BrokenProducer("its client learns no more where partitions are led")
        topic = self._topic = records[0].topic.name
        async with self._turn:
            with _enqueueing(topic):
                await self._enqueue(topic, records, pending)

    def positions(self, pending: Pending) -> Sequence[Position]:
        """Say where acknowledged records stand. Raises Unavailable where the broker does not say, BrokenProducer."""
        if pending.acknowledged.cancelled():
            raise Unavailable("kafka", "the producer was stopped")
        error = pending.acknowledged.exception()
        if error is not None:
            raise BrokenProducer(repr(error), _refusal(self._topic, error)) from error
        first = pending.acknowledged.result()
        if first.offset < 0:
            raise Unavailable("kafka", "the record was appended before, and the broker forgot where")
        partition = Partition(first.topic, first.partition)
        return [Position(partition, first.offset + place) for place in range(len(pending.indices))]

    async def stop(self, deadline: float) -> None:
        """Send what is under way, within *deadline* seconds, and end."""
        let_be_closed(self._producer.client)
        with suppress(TimeoutError, kafka.KafkaError):
            async with asyncio.timeout(deadline):
                await self._producer.stop()
                return
        await self._abort()

    async def _enqueue(self, topic: str, records: Sequence[Outgoing], pending: list[Pending]) -> None:
        # What somebody added stays empty: with more to choose from, keys would move, and their order with them.
        partitions = min(len(await self._producer.partitions_for(topic)), records[0].topic.partitions)
        if len(records) == 1:
            number = self._partitioner.choose(records[0], partitions)
            await self._send_each(topic, number, records, (0,), pending)
            return
        by_partition: defaultdict[int, list[int]] = defaultdict(list)
        for index, record in enumerate(records):
            by_partition[self._partitioner.choose(record, partitions)].append(index)
        for number, chosen in by_partition.items():
            if len(chosen) >= MANY:
                await self._send_batches(topic, number, records, chosen, pending)
            else:
                await self._send_each(topic, number, records, chosen, pending)

    async def _send_each(
        self, topic: str, number: int, records: Sequence[Outgoing], indices: Sequence[int], pending: list[Pending]
    ) -> None:
        for index in indices:
            record, now = records[index], _now()
            sent = await self._producer.send(topic, record.value, record.key, number, now, list(record.headers))
            pending.append(Pending((index,), sent))
            self._acknowledgements.expect(sent, (record,), now)

    async def _send_batches(
        self, topic: str, number: int, records: Sequence[Outgoing], indices: Sequence[int], pending: list[Pending]
    ) -> None:
        start = 0
        while start < len(indices):
            batch, now = self._producer.create_batch(), _now()
            stop = start
            while stop < len(indices) and _add(batch, records[indices[stop]], now):
                stop += 1
            batch.close()
            sent = await self._producer.send_batch(batch, topic, partition=number)
            pending.append(Pending(indices[start:stop], sent))
            self._acknowledgements.expect(sent, [records[index] for index in indices[start:stop]], now)
            start = stop

    async def _abort(self) -> None:
        """End without waiting for brokers that do not answer. aiokafka has no public way to, and would wait for ever.

        Its sender has to end before the batches are given up: it puts those that failed back among them.
        """
        with suppress(TimeoutError, asyncio.CancelledError, kafka.KafkaError):
            async with asyncio.timeout(ABORT_PATIENCE):
                await self._producer._sender.close()  # noqa: SLF001
        self._producer._message_accumulator.fail_all(kafka.ProducerClosed())  # noqa: SLF001
        await self._producer.client.close()


class _enqueueing:  # noqa: N801  a context manager reads as a verb
    """Tell what befalls a record before it is handed over from what breaks the producer."""

    def __init__(self, topic: str) -> None:
        self._topic = topic

    def __enter__(self) -> None:
        """Watch the block."""

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        match error:
            case kafka.UnknownTopicOrPartitionError():
                raise Misconfigured(f"topic {self._topic} does not exist; any consumer of it creates it") from error
            case kafka.KafkaTimeoutError() | kafka.KafkaConnectionError() | kafka.NodeNotReadyError():
                raise Unavailable("kafka", repr(error)) from error
            case kafka.KafkaError():
                raise BrokenProducer(repr(error), _refusal(self._topic, error)) from error


def _refusal(topic: str, error: BaseException) -> Misconfigured | Unavailable | None:
    """Say what is to be changed where *topic* refused a batch; nothing where that is of no help."""
    match error:
        case kafka.TopicAuthorizationFailedError() | kafka.ClusterAuthorizationFailedError():
            return forbidden(f"write to {topic}", error)
        case kafka.MessageSizeTooLargeError() | kafka.RecordListTooLargeError():
            return Misconfigured(f"topic {topic} does not take records as large as ours: set max.message.bytes={MESSAGE_BYTES}.")
        case kafka.InvalidTimestampError():
            return Unavailable("kafka", f"our clock is too far from the broker's for {topic}: set the one that is wrong")
    return None


def _now() -> int:
    """Return the timestamp of what is sent now, in milliseconds; aiokafka would take one itself, and not tell which."""
    return int(utc_now().timestamp() * 1000)


def _add(batch: Any, record: Outgoing, timestamp: int) -> bool:
    """Put *record* into *batch* and say whether it had a place there; the first always has."""
    added = batch.append(timestamp=timestamp, key=record.key, value=record.value, headers=list(record.headers))
    return added is not None

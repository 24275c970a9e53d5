"""The loop on a log and a ledger in memory: what it does step by step, without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from shared.contracts.topics import Topic, dead_letters_of
from shared.errors import Misconfigured, Unavailable
from shared.stream import (
    Batch,
    Cause,
    Consumer,
    ConsumerSettings,
    Decision,
    GroupPartition,
    Handler,
    MemoryLedger,
    MemoryLog,
    MemoryTransaction,
    Observer,
    OffsetGap,
    Outgoing,
    Partition,
    Position,
    RecordTooLarge,
    Rejection,
    Step,
    StreamMetrics,
    unobserved,
)
from shared.stream.log import RECORD_BYTES

TOPIC = Topic("heard.v1", partitions=1)
SAID = Topic("said.v1", partitions=1)
PLACE = GroupPartition("readers", Partition(TOPIC.name, 0))


class Scene:
    """A log and a ledger in memory, and a consumer between them."""

    def __init__(self, handler: Handler[MemoryTransaction], observer: Observer = unobserved, **settings: Any) -> None:
        self.log = MemoryLog()
        self.ledger = MemoryLedger(lock_timeout=0.05)
        self.registry = CollectorRegistry()
        self.consumer: Consumer[MemoryTransaction] = Consumer(
            group="readers",
            topics=[TOPIC],
            handler=handler,
            log=self.log,
            ledger=self.ledger,
            settings=ConsumerSettings(fetch_wait=0.01, backoff=0.001, backoff_limit=0.01, **settings),
            metrics=StreamMetrics(self.registry),
            observer=observer,
        )

    async def hear(self, *values: bytes) -> None:
        await self.log.ensure([TOPIC, SAID])
        await self.log.append([Outgoing(TOPIC, value, b"k") for value in values])

    def said(self, topic: Topic = SAID) -> list[bytes]:
        return [record.value for record in self.log.records[Partition(topic.name, 0)]]

    def count(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(name, labels)


async def echo(batch: Batch, transaction: MemoryTransaction) -> Decision:
    transaction.write("heard", [*transaction.read("heard", []), *(record.value for record in batch.records)])
    return Decision(tuple(Outgoing(SAID, record.value, record.key) for record in batch.records))


async def silent(batch: Batch, transaction: MemoryTransaction) -> Decision:
    transaction.write("heard", [*transaction.read("heard", []), *(record.value for record in batch.records)])
    return Decision()


async def test_a_turn_takes_its_steps_in_the_order_in_which_they_are_safe() -> None:
    steps: list[str] = []

    async def note(step: StrEnum) -> None:
        steps.append(step.value)

    scene = Scene(echo, note)
    await scene.hear(b"1")

    await scene.consumer.turn()

    assert steps == [step.value for step in Step]


async def test_a_silent_handler_leaves_no_row_in_the_outbox() -> None:
    scene = Scene(silent)
    await scene.hear(b"1", b"2")

    await scene.consumer.turn()

    assert scene.ledger.values["heard"] == [b"1", b"2"]
    assert scene.ledger._last_row == 0


async def test_a_bug_stops_the_process_and_leaves_the_offset() -> None:
    async def buggy(batch: Batch, transaction: MemoryTransaction) -> Decision:
        raise ZeroDivisionError

    scene = Scene(buggy)
    await scene.hear(b"1")

    with pytest.raises(ZeroDivisionError):
        await scene.consumer.run(asyncio.Event())

    assert scene.ledger.marks[PLACE].next_offset == 0
    assert scene.log.members["readers"] == {}


async def test_an_offset_that_is_committed_is_told_to_the_log() -> None:
    scene = Scene(echo)
    await scene.hear(b"1")

    await scene.consumer.turn()

    assert scene.log.committed == {("readers", Partition(TOPIC.name, 0)): 1}


async def test_a_commit_whose_answer_was_lost_is_not_decided_again_and_is_published() -> None:
    scene = Scene(echo)
    await scene.hear(b"1")
    await scene.consumer._joined()
    await scene.ledger.open(PLACE)

    async def lose_the_commit(batch: Batch, transaction: MemoryTransaction) -> Decision:
        scene.ledger.lost_commits = 1
        return await echo(batch, transaction)

    scene.consumer._handler = lose_the_commit
    with pytest.raises(Unavailable):
        await scene.consumer.turn()
    assert scene.said() == []

    await scene.consumer.turn()

    assert scene.said() == [b"1"]
    assert scene.ledger.values["heard"] == [b"1"]


async def test_what_a_topic_refuses_waits_until_somebody_has_changed_it_back(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(echo)
    await scene.hear(b"1")

    async def refuse(records: Sequence[Outgoing]) -> tuple[Position, ...]:
        raise Misconfigured(f"topic {records[0].topic.name} takes less than we send")

    with monkeypatch.context() as changed:
        changed.setattr(scene.log, "append", refuse)
        with pytest.raises(Unavailable, match=r"said\.v1 takes less"):
            await scene.consumer.turn()
    await scene.consumer.turn()

    assert scene.said() == [b"1"]
    assert scene.ledger.values["heard"] == [b"1"]


async def test_what_a_server_forgot_in_its_crash_is_applied_again() -> None:
    scene = Scene(echo, batch_records=1)
    await scene.hear(b"1", b"2", b"3")
    await scene.consumer.turn()
    remembered = scene.ledger.marks[PLACE], list(scene.ledger.values["heard"])
    await scene.consumer.turn()
    scene.ledger.marks[PLACE], scene.ledger.values["heard"] = remembered

    with pytest.raises(Unavailable, match="went back from 2 to 1"):
        await scene.consumer.turn()
    for _ in range(3):
        await scene.consumer.turn()

    assert scene.ledger.values["heard"] == [b"1", b"2", b"3"]
    assert scene.ledger.marks[PLACE].next_offset == 3


async def test_a_record_too_large_for_the_log_never_reaches_the_outbox() -> None:
    async def shout(batch: Batch, transaction: MemoryTransaction) -> Decision:
        return Decision((Outgoing(SAID, b"x" * (RECORD_BYTES + 1)),))

    scene = Scene(shout)
    await scene.hear(b"1")

    with pytest.raises(RecordTooLarge):
        await scene.consumer.turn()

    assert scene.ledger.rows == {}
    assert scene.ledger.marks[PLACE].next_offset == 0


async def test_it_stops_between_turns_when_it_is_told_to() -> None:
    stop = asyncio.Event()

    async def last(batch: Batch, transaction: MemoryTransaction) -> Decision:
        stop.set()
        return await echo(batch, transaction)

    scene = Scene(last, batch_records=1)
    await scene.hear(b"1", b"2")

    await scene.consumer.run(stop)

    assert scene.said() == [b"1"]


async def test_a_stop_does_not_wait_for_the_back_off() -> None:
    stop = asyncio.Event()

    async def gone(batch: Batch, transaction: MemoryTransaction) -> Decision:
        asyncio.get_running_loop().call_later(0.02, stop.set)
        raise Unavailable("somebody", "gone")

    scene = Scene(gone)
    scene.consumer._attempts._settings = ConsumerSettings(backoff=600, backoff_limit=600)
    await scene.hear(b"1")

    async with asyncio.timeout(5):
        await scene.consumer.run(stop)


async def test_what_happened_is_counted() -> None:
    async def picky(batch: Batch, transaction: MemoryTransaction) -> Decision:
        causes = {b"bad": Cause.UNUSABLE, b"odd": Cause.CONFLICT}
        bad = [record for record in batch.records if record.value in causes]
        return Decision(rejections=tuple(Rejection(record, "bad", causes[record.value]) for record in bad))

    scene = Scene(picky, batch_records=3)
    await scene.hear(b"good", b"bad", b"odd", b"fine")

    await scene.consumer.turn()

    labels = {"group": "readers", "topic": TOPIC.name}
    assert scene.count("symposia_consumer_records_total", **labels, outcome="applied") == 1
    assert scene.count("symposia_consumer_records_total", **labels, outcome="rejected") == 2
    assert scene.count("symposia_consumer_records_total", **labels, outcome="repeated") == 0
    assert scene.count("symposia_dead_letter_records_total", **labels) == 1
    assert scene.count("symposia_quarantined_records_total", **labels) == 1
    assert scene.count("symposia_consumer_lag_records", **labels, partition="0") == 1
    assert scene.said(dead_letters_of(TOPIC, "readers")) == [b"bad", b"odd"]

    await scene.consumer.turn()
    await scene.consumer.turn()

    assert scene.count("symposia_consumer_lag_records", **labels, partition="0") == 0
    assert scene.count("symposia_consumer_lag_seconds", **labels, partition="0") == 0
    assert scene.count("symposia_consumer_offset_gap_total", **labels) == 0


async def test_a_gap_is_counted() -> None:
    scene = Scene(echo)
    await scene.hear(b"1", b"2")
    await scene.log.forget(Partition(TOPIC.name, 0), 1)

    with pytest.raises(OffsetGap):
        await scene.consumer.turn()

    assert scene.count("symposia_consumer_offset_gap_total", group="readers", topic=TOPIC.name) == 1

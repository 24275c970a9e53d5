"""What a process appended and reads itself: only what is certain, without a gap, and never too much of it."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka.structs import RecordMetadata, TopicPartition

from shared.contracts.topics import Topic
from shared.stream import Outgoing, Partition, Record
from shared.stream.kafka.tail import RECORD_OVERHEAD, Acknowledgements, Tail

TOPIC = Topic("heard.v1", partitions=1)
PARTITION = Partition(TOPIC.name, 0)


def record(offset: int, value: bytes = b"v", partition: Partition = PARTITION) -> Record:
    return Record(partition, offset, b"k", value, (), 1_700_000_000_000)


def followed(offset: int, *kept: int, limit: int = 100_000) -> Tail:
    tail = Tail(limit)
    tail.follow(PARTITION, offset)
    for each in kept:
        tail.add(record(each))
    return tail


def offsets(tail: Tail, limit: int = 100) -> list[int]:
    return [each.offset for each in tail.take(limit)]


def test_what_comes_next_is_given_in_order_and_once() -> None:
    tail = followed(5, 5, 6, 7)

    assert offsets(tail, 2) == [5, 6]
    assert offsets(tail) == [7]
    assert offsets(tail) == []


def test_nothing_is_kept_before_the_broker_gave_something() -> None:
    tail = Tail()
    tail.add(record(0))
    tail.follow(PARTITION, 0)

    assert offsets(tail) == []


def test_other_partitions_are_not_kept() -> None:
    tail = followed(0)
    tail.add(record(0, partition=Partition(TOPIC.name, 1)))

    assert offsets(tail) == []


def test_a_gap_waits_for_the_broker_to_fill_it() -> None:
    tail = followed(5, 5, 7, 8)

    assert offsets(tail) == [5]
    assert offsets(tail) == []
    tail.follow(PARTITION, 7)
    assert offsets(tail) == [7, 8]


def test_what_the_broker_gave_meanwhile_is_not_given_again() -> None:
    tail = followed(5, 5, 6, 7, 8)
    tail.follow(PARTITION, 8)
    tail.add(record(9))

    assert offsets(tail) == [8, 9]


def test_what_is_acknowledged_after_it_was_read_is_not_given_again() -> None:
    tail = followed(5, 3, 4, 5)

    assert offsets(tail) == [5]


@pytest.mark.parametrize("again", [0, 5, 6])
def test_offsets_that_do_not_rise_end_it_until_the_broker_is_asked(again: int) -> None:
    tail = followed(5, 5, 6)
    tail.add(record(again, b"of another topic"))

    assert tail.followed is None
    assert offsets(tail) == []
    tail.follow(PARTITION, again + 1)
    tail.add(record(again + 1))
    assert offsets(tail) == [again + 1]


def test_the_oldest_are_dropped_where_there_are_too_many() -> None:
    tail = followed(0, limit=2 * (RECORD_OVERHEAD + 100))
    for offset in range(3):
        tail.add(record(offset, b"v" * 99))

    assert offsets(tail) == []
    tail.follow(PARTITION, 1)
    assert offsets(tail) == [1, 2]


def test_a_record_larger_than_all_that_is_kept_is_left_to_the_broker() -> None:
    tail = followed(0, limit=100)
    tail.add(record(0, b"v" * 101))

    assert offsets(tail) == []
    assert not tail.expects(100)


def test_another_of_ours_is_expected_only_after_one_of_ours() -> None:
    tail = followed(5)
    assert not tail.expects(100)

    tail.add(record(5))
    tail.take(1)
    assert tail.expects(100)

    tail.follow(PARTITION, 7)
    assert not tail.expects(100)


def test_what_is_under_way_is_expected_to_join_what_is_kept() -> None:
    tail = followed(5, 5, 6)
    assert not tail.expects(100)

    tail.sent()
    assert tail.expects(100)
    assert not tail.expects(2)

    tail.answered()
    assert not tail.expects(100)


def test_nothing_is_expected_while_a_gap_waits_for_the_broker() -> None:
    tail = followed(5, 6)
    tail.sent()

    assert not tail.expects(100)


def test_the_end_is_behind_what_was_acknowledged_and_what_was_read() -> None:
    assert followed(5).end == 5
    assert followed(5, 5, 9).end == 10
    assert followed(5, 3).end == 5


@pytest.mark.parametrize("kept", [(), (6,)], ids=["where nothing is kept", "to join what is kept"])
async def test_a_turn_waits_for_what_is_under_way(kept: tuple[int, ...]) -> None:
    tail = followed(5, 5)
    tail.take(1)
    for each in kept:
        tail.add(record(each))
    tail.sent()

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        gathering = group.create_task(tail.gather(100, 60))
        await asyncio.sleep(0.001)
        assert not gathering.done()
        tail.add(record(7 if kept else 6))
        tail.answered()

    assert offsets(tail) == [6, 7][: 1 + len(kept)]


async def test_a_turn_that_has_all_waits_for_nothing() -> None:
    tail = followed(5, 5)

    async with asyncio.timeout(5):
        await tail.gather(100, 60)

    assert offsets(tail) == [5]


async def test_a_turn_that_waits_in_vain_goes_on() -> None:
    tail = followed(5, 5)
    tail.take(1)

    await tail.gather(100, 0.001)

    assert offsets(tail) == []


def said(offset: int, timestamp_type: int = 0) -> RecordMetadata:
    place = TopicPartition(PARTITION.topic, PARTITION.number)
    return RecordMetadata(place.topic, place.partition, place, offset, 1_700_000_000_000, timestamp_type, 0)


@pytest.mark.parametrize(
    ("answer", "given"),
    [
        (said(5), [5, 6]),
        (said(-1), []),
        (said(5, timestamp_type=1), []),
        (ConnectionError("lost"), []),
    ],
)
async def test_only_what_is_certain_is_passed_on(answer: RecordMetadata | Exception, given: list[int]) -> None:
    acknowledgements, tail = Acknowledgements(), followed(5)
    acknowledgements.join([TOPIC.name], tail)
    sent = asyncio.get_running_loop().create_future()
    acknowledgements.expect(sent, [Outgoing(TOPIC, b"1"), Outgoing(TOPIC, b"2")], 1_700_000_000_000)

    if isinstance(answer, Exception):
        sent.set_exception(answer)
    else:
        sent.set_result(answer)
    await asyncio.sleep(0)

    assert offsets(tail) == given


async def test_an_append_that_was_given_up_is_not_passed_on() -> None:
    acknowledgements, tail = Acknowledgements(), followed(5)
    acknowledgements.join([TOPIC.name], tail)
    sent = asyncio.get_running_loop().create_future()
    acknowledgements.expect(sent, [Outgoing(TOPIC, b"1")], 1)

    sent.cancel()
    await asyncio.sleep(0)

    assert offsets(tail) == []


async def test_a_tail_that_left_is_given_nothing_more() -> None:
    acknowledgements, tail = Acknowledgements(), followed(5)
    acknowledgements.join([TOPIC.name], tail)
    acknowledgements.leave([TOPIC.name], tail)
    sent = asyncio.get_running_loop().create_future()
    acknowledgements.expect(sent, [Outgoing(TOPIC, b"1")], 1)

    sent.set_result(said(5))
    await asyncio.sleep(0)

    assert offsets(tail) == []


async def test_nothing_is_kept_once_an_append_stands_before_what_was_read_when_it_was_sent() -> None:
    acknowledgements, tail = Acknowledgements(), followed(7)
    acknowledgements.join([TOPIC.name], tail)
    sent = asyncio.get_running_loop().create_future()
    acknowledgements.expect(sent, [Outgoing(TOPIC, b"%d" % number) for number in range(5, 9)], 1)

    sent.set_result(said(5))
    await asyncio.sleep(0)

    assert tail.followed is None
    assert offsets(tail) == []

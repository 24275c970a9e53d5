"""The pure parts of the stream: offsets, headers, rows, limits, steps."""

from __future__ import annotations

import asyncio
import os
import signal
from enum import StrEnum
from time import monotonic

import pytest
from prometheus_client import CollectorRegistry

from shared.contracts.topics import Topic
from shared.errors import Misconfigured, Unavailable
from shared.stream import (
    Batch,
    Cause,
    ConsumerSettings,
    Decision,
    GroupPartition,
    Mark,
    OffsetGap,
    Outgoing,
    Partition,
    Record,
    Rejection,
    Step,
    StreamMetrics,
    TooManyRejections,
    TopicRecreated,
    crash_at_from_environment,
    unobserved,
)
from shared.stream.attempts import Attempts
from shared.stream.headers import with_context
from shared.stream.inflight import InFlight
from shared.stream.membership import share
from shared.stream.offsets import Beginning, after, begins_late, start_of, unapplied
from shared.stream.outbox import decode_row, encode_row
from shared.stream.rejections import RejectionWindow

PARTITION = Partition("heard.v1", 0)
PLACE = GroupPartition("readers", PARTITION)
SAID = Topic("said.v1", partitions=2, retention_ms=1000)


def record(offset: int, value: bytes = b"v", **changes: object) -> Record:
    return Record(PARTITION, offset, b"k", value, **changes)  # type: ignore[arg-type]


def batch(*offsets: int) -> Batch:
    return Batch(PARTITION, tuple(record(offset) for offset in offsets))


def test_reading_starts_one_back_so_that_the_last_record_is_compared() -> None:
    assert start_of(Mark(5, b"digest"), (0, 9), PLACE) == 4


@pytest.mark.parametrize(
    ("mark", "bounds"), [(Mark(), (0, 9)), (Mark(5, b"digest"), (5, 9)), (Mark(5), (0, 9)), (Mark(5), (0, 5))]
)
def test_reading_starts_at_the_mark_where_there_is_nothing_to_compare(mark: Mark, bounds: tuple[int, int]) -> None:
    assert start_of(mark, bounds, PLACE) == mark.next_offset


@pytest.mark.parametrize(
    ("mark", "first", "beginning", "late"),
    [
        (Mark(), 7, Beginning.WITH_WHAT_IS_KEPT, True),
        (Mark(), 1, Beginning.WITH_WHAT_IS_KEPT, True),
        (Mark(), 0, Beginning.WITH_WHAT_IS_KEPT, False),
        (Mark(), 7, Beginning.WITH_THE_FIRST_RECORD, False),
        (Mark(5, b"digest"), 7, Beginning.WITH_WHAT_IS_KEPT, False),
    ],
    ids=["much is gone", "one is gone", "nothing is gone", "it needs all", "it has begun"],
)
def test_only_who_begins_and_does_without_what_is_gone_begins_late(
    mark: Mark, first: int, beginning: Beginning, *, late: bool
) -> None:
    assert begins_late(mark, first, beginning) is late


def test_a_log_that_starts_after_the_mark_has_a_gap() -> None:
    with pytest.raises(OffsetGap):
        start_of(Mark(5, b"digest"), (6, 9), PLACE)


def test_a_log_that_ends_before_the_mark_was_recreated() -> None:
    with pytest.raises(TopicRecreated):
        start_of(Mark(5, b"digest"), (0, 4), PLACE)


def test_what_was_applied_is_dropped_and_the_rest_stays() -> None:
    fresh = unapplied(batch(3, 4, 5, 6), Mark(5, record(4).digest()), PLACE)

    assert [each.offset for each in fresh.records] == [5, 6]


def test_another_record_where_the_last_applied_stood_is_a_recreated_topic() -> None:
    with pytest.raises(TopicRecreated):
        unapplied(batch(4, 5), Mark(5, b"another"), PLACE)


def test_an_outbox_is_called_for_ever_by_group_topic_and_partition() -> None:
    """Under another name what waits there would never be said."""
    assert PLACE.owner == "readers/heard.v1/0"


@pytest.mark.parametrize(("offsets", "missing"), [((6, 7), 5), ((4, 5, 7), 6)])
def test_a_missing_offset_before_or_inside_a_batch_is_a_gap(offsets: tuple[int, ...], missing: int) -> None:
    with pytest.raises(OffsetGap, match=f"readers/heard.v1/0: offset {missing} was next, but the log went on at"):
        unapplied(batch(*offsets), Mark(5), PLACE)


def test_the_mark_after_a_batch_names_its_last_record() -> None:
    assert after(batch(3, 4)) == Mark(5, record(4).digest())


def test_a_digest_tells_keys_values_and_times_apart() -> None:
    records = [
        Record(PARTITION, 0, b"a", b"bc", (), 1),
        Record(PARTITION, 0, b"ab", b"c", (), 1),
        Record(PARTITION, 0, None, b"abc", (), 1),
        Record(PARTITION, 0, b"", b"abc", (), 1),
        Record(PARTITION, 0, b"a", b"bc", (), 2),
    ]

    assert len({each.digest() for each in records}) == len(records)


def test_a_row_comes_back_from_the_outbox_as_it_was() -> None:
    outgoing = (
        Outgoing(SAID, b"\x00\xff", None, (("a", b""), ("a", b"\xff"))),
        Outgoing(Topic("other.v1"), b"", b""),
    )

    assert decode_row(encode_row(outgoing)) == outgoing


def test_the_trace_of_the_cause_goes_on() -> None:
    traced = record(0, headers=(("traceparent", b"trace"), ("schema-version", b"7"), ("private", b"x")))

    said = with_context(Outgoing(SAID, b"v", cause=traced), batch(1, 2))

    assert said.headers == (("schema-version", b"1"), ("traceparent", b"trace"))


def test_what_the_handler_says_of_headers_wins() -> None:
    traced = Batch(PARTITION, (record(0, headers=(("traceparent", b"trace"),)),))
    headers = (("traceparent", b"own"), ("schema-version", b"2"))

    assert with_context(Outgoing(SAID, b"v", headers=headers), traced).headers == headers


def test_no_trace_is_made_up_where_the_cause_is_one_of_many() -> None:
    assert with_context(Outgoing(SAID, b"v"), batch(1, 2)).headers == (("schema-version", b"1"),)


def test_rejections_slide_out_of_the_window() -> None:
    window = RejectionWindow(ConsumerSettings(rejection_window=10, rejection_number=4, rejection_share=0.0))
    bad = Decision(rejections=tuple(Rejection(record(offset), "bad") for offset in range(4)))
    window.add(batch(0, 1, 2, 3, 4), bad)
    with pytest.raises(TooManyRejections, match="8 of the last 10 records were refused, the last because: bad"):
        window.check(batch(5, 6, 7, 8, 9), bad)

    for start in (5, 10):
        window.add(batch(*range(start, start + 5)), Decision())

    window.check(batch(15, 16, 17, 18, 19), bad)


@pytest.mark.parametrize(("refused", "borne"), [(4, True), (5, True), (6, False)])
def test_more_than_a_number_and_a_share_of_the_window_stops(refused: int, *, borne: bool) -> None:
    window = RejectionWindow(ConsumerSettings(rejection_window=10, rejection_number=4, rejection_share=0.5))
    decision = Decision(rejections=tuple(Rejection(record(offset), "bad") for offset in range(refused)))

    if borne:
        window.check(batch(*range(10)), decision)
    else:
        with pytest.raises(TooManyRejections):
            window.check(batch(*range(10)), decision)


@pytest.mark.parametrize("cause", [Cause.CONFLICT, Cause.ALONE])
def test_what_could_be_read_stops_nobody_however_often_it_is_refused(cause: Cause) -> None:
    window = RejectionWindow(ConsumerSettings(rejection_window=10, rejection_number=0, rejection_share=0.0))
    decision = Decision(rejections=tuple(Rejection(record(offset), "other content", cause) for offset in range(10)))

    for _ in range(3):
        window.check(batch(*range(10)), decision)
        window.add(batch(*range(10)), decision)


def test_attempts_are_counted_for_each_partition_and_for_all_else() -> None:
    attempts = Attempts(ConsumerSettings(attempts=3))
    other = Partition("heard.v1", 1)

    for _ in range(2):
        attempts.trying = PARTITION
        attempts.fail()
    attempts.fail()

    assert (attempts.attempt(PARTITION), attempts.attempt(other)) == (3, 1)
    assert (attempts.failures, attempts.exhausted) == (2, False)


def test_patience_ends_with_the_last_attempt_and_begins_anew_with_a_success() -> None:
    attempts = Attempts(ConsumerSettings(attempts=3))
    for _ in range(3):
        attempts.trying = PARTITION
        attempts.fail()
    exhausted = attempts.exhausted

    attempts.succeed()
    still = attempts.exhausted
    attempts.trying = PARTITION
    attempts.succeed()

    assert (exhausted, still) == (True, True)
    assert (attempts.failures, attempts.exhausted, attempts.attempt(PARTITION)) == (0, False, 1)


@pytest.mark.parametrize(("failures", "longest"), [(0, 0.02), (1, 0.02), (3, 0.08), (20, 0.1), (2_000, 0.1)])
async def test_each_wait_is_twice_as_long_up_to_a_limit(failures: int, longest: float) -> None:
    attempts = Attempts(ConsumerSettings(backoff=0.02, backoff_limit=0.1))
    for _ in range(failures):
        attempts.fail()

    begun = monotonic()
    async with asyncio.timeout(longest + 2):
        await attempts.wait(asyncio.Event())

    assert monotonic() - begun >= longest / 2


def test_an_outgoing_record_is_as_large_as_key_value_and_headers() -> None:
    assert Outgoing(SAID, b"four").size() == 4
    assert Outgoing(SAID, b"four", b"key", (("name", b"value"), ("n", b""))).size() == 4 + 3 + 4 + 5 + 1


def test_bytes_in_flight_are_bounded_and_one_record_always_fits() -> None:
    metrics = StreamMetrics(CollectorRegistry())
    in_flight = InFlight(10, metrics.buffered_bytes)
    in_flight.admit(50)

    with pytest.raises(Unavailable):
        in_flight.admit(1)
    in_flight.release(50)
    in_flight.admit(1)


def test_members_share_every_partition_among_those_who_read_its_topic() -> None:
    partitions = [Partition(topic, number) for topic in ("a", "b") for number in range(5)]
    members = {1: {"a"}, 2: {"a", "b"}, 3: {"b"}}

    shares = [share(members, partitions, member) for member in members]

    assert sorted(partition for each in shares for partition in each) == partitions
    assert {partition.topic for partition in shares[0]} == {"a"}


def test_without_the_variable_every_step_passes() -> None:
    assert crash_at_from_environment({}) is unobserved


@pytest.mark.parametrize("wrong", ["committed", "committed:", ":1", "committed:0", "committed:x"])
def test_a_crash_point_that_names_no_passage_is_misconfigured(wrong: str) -> None:
    with pytest.raises(Misconfigured):
        crash_at_from_environment({"SYMPOSIA_CRASH_AT": wrong})


class Elsewhere(StrEnum):
    LOCKED = "locked"


async def test_the_process_dies_at_the_named_passage_of_anybodys_step() -> None:
    child = os.fork()
    if not child:
        observer = crash_at_from_environment({"SYMPOSIA_CRASH_AT": "locked:2"})
        for step in (Elsewhere.LOCKED, Step.COMMITTED, Elsewhere.LOCKED):
            await observer(step)
        os._exit(0)

    _, status = await asyncio.to_thread(os.waitpid, child, 0)

    assert os.WTERMSIG(status) == signal.SIGKILL

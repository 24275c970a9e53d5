"""What every log promises: durable order, positions, groups, bounds and limits."""

from __future__ import annotations

import asyncio

import pytest

from shared.contracts.topics import Topic
from shared.errors import Misconfigured, Unavailable
from shared.stream import Outgoing, Partition, RecordTooLarge
from shared.stream.log import RECORD_BYTES
from tests.contract.stream.stage import Stage, eventually, seek_all


async def test_what_was_appended_is_read_back_byte_for_byte(stage: Stage) -> None:
    topic = await stage.topic()
    said = [
        Outgoing(topic, b"first", b"key", (("traceparent", b"00-1"), ("n", b""), ("n", b"\xff\x00"))),
        Outgoing(topic, b"", b""),
        Outgoing(topic, b"\x00\xff", None),
    ]

    positions = await stage.log.append(said)

    records = [record for batch in await stage.batches(topic) for record in batch.records]
    assert [position.offset for position in positions] == [0, 1, 2]
    assert [(record.value, record.key, record.headers) for record in records] == [
        (each.value, each.key, each.headers) for each in said
    ]
    assert all(record.timestamp > 1_600_000_000_000 for record in records)


async def test_records_of_one_key_keep_their_order_in_one_partition(stage: Stage) -> None:
    topic = await stage.topic(partitions=3)

    for number in range(0, 300, 100):
        await stage.append(topic, *(b"%d" % each for each in range(number, number + 100)), key=b"same")

    batches = await stage.batches(topic)
    assert len({batch.partition for batch in batches}) == 1
    assert [int(record.value) for batch in batches for record in batch.records] == list(range(300))


async def test_keys_spread_over_the_partitions_and_positions_say_where(stage: Stage) -> None:
    topic = await stage.topic(partitions=3)

    positions = await stage.log.append([Outgoing(topic, b"%d" % number, b"%d" % number) for number in range(60)])

    found = {(record.partition, record.offset): record.value for batch in await stage.batches(topic) for record in batch.records}
    assert [found[position.partition, position.offset] for position in positions] == [b"%d" % number for number in range(60)]
    assert len({position.partition for position in positions}) == 3


async def test_appends_at_the_same_time_all_land_once(stage: Stage) -> None:
    topic = await stage.topic(partitions=2)
    others = [await stage.another_log() for _ in range(2)]

    appended = await asyncio.gather(
        *(
            log.append([Outgoing(topic, b"%d-%d" % (place, number), b"%d" % number)] * 3)
            for place, log in enumerate([stage.log, *others])
            for number in range(40)
        )
    )

    positions = [position for each in appended for position in each]
    assert len(set(positions)) == len(positions) == len(await stage.everything(topic)) == 360
    await asyncio.gather(*(log.close() for log in others if log is not stage.log))


async def test_a_fetch_returns_at_most_the_limit_and_goes_on_from_there(stage: Stage) -> None:
    topic = await stage.topic()
    await stage.append(topic, *(b"%d" % number for number in range(10)))
    inbox = await stage.log.inbox("limited", [topic])
    await seek_all(inbox)

    fetched = [await inbox.fetch(4, 10.0) for _ in range(3)]

    assert [[int(record.value) for record in batch.records] for batch in fetched if batch] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    await inbox.close()


async def test_what_comes_while_a_batch_is_settled_is_fetched_at_once(stage: Stage) -> None:
    topic = await stage.topic()
    inbox = await stage.log.inbox("settling", [topic])
    await seek_all(inbox)
    await stage.append(topic, b"settled")
    await inbox.fetch(10, 10.0)

    for value in (b"1", b"2", b"3"):
        await stage.append(topic, value)
        await asyncio.sleep(0.1)  # as long as a turn may take: a log that reads ahead has read the first of them by now
    fetched = await inbox.fetch(10, 10.0)

    assert fetched
    assert [record.value for record in fetched.records] == [b"1", b"2", b"3"]
    await inbox.close()


async def test_a_seek_is_where_reading_goes_on(stage: Stage) -> None:
    topic = await stage.topic()
    await stage.append(topic, *(b"%d" % number for number in range(10)))
    inbox = await stage.log.inbox("seeking", [topic])
    partition = Partition(topic.name, 0)

    seen = []
    for offset in (7, 2, 9):
        await inbox.seek(partition, offset)
        batch = await inbox.fetch(1, 10.0)
        seen.append(batch and batch.records[0].offset)

    assert seen == [7, 2, 9]
    await inbox.close()


async def test_nothing_is_read_before_a_seek(stage: Stage) -> None:
    topic = await stage.topic()
    await stage.append(topic, b"waiting")
    inbox = await stage.log.inbox("still", [topic])

    fetched = await inbox.fetch(10, 0.2)

    assert fetched is None
    assert await inbox.unsought() == await inbox.assignment() == {Partition(topic.name, 0)}
    await inbox.close()


async def test_a_waiting_fetch_hears_of_an_append(stage: Stage) -> None:
    topic = await stage.topic()
    inbox = await stage.log.inbox("waiting", [topic])
    await seek_all(inbox)

    async with asyncio.TaskGroup() as group:
        fetch = group.create_task(inbox.fetch(10, 20.0))
        await stage.append(topic, b"news")

    batch = fetch.result()
    assert batch is not None
    assert batch.records[0].value == b"news"
    await inbox.close()


async def test_bounds_and_ends_say_what_is_kept_and_what_comes_next(stage: Stage) -> None:
    topic = await stage.topic()
    partition = Partition(topic.name, 0)
    await stage.append(topic, *(b"%d" % number for number in range(5)))
    inbox = await stage.log.inbox("bounded", [topic])

    before = await inbox.bounds(partition)
    await stage.forget(partition, 3)

    assert before == (0, 5)
    assert await inbox.bounds(partition) == (3, 5)
    assert await stage.log.ends(topic) == {partition: 5}
    await inbox.close()


async def test_a_topic_that_nobody_made_ends_nowhere(stage: Stage) -> None:
    missing = Topic("missing.v1", partitions=2)

    assert await stage.log.ends(missing) == {}


async def test_members_of_a_group_share_the_partitions_and_inherit_them(stage: Stage) -> None:
    topic = await stage.topic(partitions=4)
    everything = {Partition(topic.name, number) for number in range(4)}
    first = await stage.log.inbox("shared", [topic])
    assert await first.assignment() == everything

    joining = asyncio.create_task(stage.log.inbox("shared", [topic]))

    async def shared() -> bool:
        await seek_all(first)
        await first.fetch(1, 0.05)
        return joining.done() and len(await first.assignment()) == len(await joining.result().assignment()) == 2

    await eventually(shared)
    second = await joining
    assert await first.assignment() | await second.assignment() == everything
    await second.close()

    async def inherited() -> bool:
        await seek_all(first)
        await first.fetch(1, 0.05)
        return await first.assignment() == everything

    await eventually(inherited)
    await first.close()


async def test_a_record_of_the_largest_size_passes_and_a_larger_one_is_refused(stage: Stage) -> None:
    topic = await stage.topic()

    with pytest.raises(RecordTooLarge):
        await stage.append(topic, b"x" * RECORD_BYTES)
    await stage.append(topic, b"x" * (RECORD_BYTES - 1), b"after")

    batches = await stage.batches(topic)
    assert [len(record.value) for batch in batches for record in batch.records] == [RECORD_BYTES - 1, 5]


async def test_ensuring_a_topic_again_keeps_it(stage: Stage) -> None:
    topic = await stage.topic(partitions=2)
    await stage.append(topic, b"kept")

    await stage.log.ensure([topic])

    assert await stage.everything(topic) == [b"kept"]


async def test_a_topic_with_fewer_partitions_than_ours_is_misconfigured(stage: Stage) -> None:
    topic = await stage.topic(partitions=1)

    with pytest.raises(Misconfigured, match="partitions"):
        await stage.log.ensure([Topic(topic.name, partitions=2)])


async def test_an_append_during_an_outage_is_unavailable_and_later_ones_are_not(stage: Stage) -> None:
    topic = await stage.topic()
    await stage.append(topic, b"before")

    async with stage.outage():
        with pytest.raises(Unavailable):
            await stage.append(topic, b"during")

    async def appended() -> bool:
        try:
            await stage.append(topic, b"after")
        except Unavailable:
            return False
        return True

    await eventually(appended)
    values = await stage.everything(topic)
    assert values[0] == b"before"
    assert values[-1] == b"after"

"""What the tests of the loop append, and what they wait for."""

from __future__ import annotations

from shared.contracts.topics import Topic
from shared.stream import GroupPartition, Partition
from tests.contract.stream.stage import Stage


def place(topic: Topic, group: str = "readers") -> GroupPartition:
    return GroupPartition(group, Partition(topic.name, 0))


def values(start: int, stop: int) -> list[bytes]:
    return [b"%d" % number for number in range(start, stop)]


async def applied(stage: Stage, topic: Topic, offset: int) -> bool:
    return await stage.books.next_offset(place(topic)) == offset


async def holds(stage: Stage, count: int) -> bool:
    return len(await stage.books.effects()) == count


async def empty_outbox(stage: Stage) -> bool:
    return await stage.books.outbox() == 0


def first_seen(published: list[bytes]) -> list[bytes]:
    return list(dict.fromkeys(published))

"""How the members of a group share partitions: everyone works it out alike from the same list of members."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TypeVar

from shared.stream.record import Partition

Member = TypeVar("Member", int, str)


def share(
    subscriptions: Mapping[Member, Collection[str]], partitions: Iterable[Partition], member: Member
) -> frozenset[Partition]:
    """Return the partitions that *member* reads: each topic's go round its subscribers in the order of their ids."""
    return frozenset(
        partition
        for partition in partitions
        if partition.topic in subscriptions[member] and _reader(subscriptions, partition) == member
    )


def _reader(subscriptions: Mapping[Member, Collection[str]], partition: Partition) -> Member:
    readers = sorted(reader for reader, topics in subscriptions.items() if partition.topic in topics)
    return readers[partition.number % len(readers)]

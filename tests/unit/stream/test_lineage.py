from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from shared.stream import Partition
from shared.stream.kafka.lineage import UNTOLD, lineages

ONE, TWO, HEADLESS = Partition("a", 0), Partition("a", 1), Partition("b", 0)


class Old:
    """A client of brokers that have no version of the question with topic ids."""

    cluster = SimpleNamespace(leader_for_partition=lambda place: 1 if place.topic == "a" else None)

    async def send(self, *asked: Any, **named: Any) -> None:
        raise NotImplementedError("no version of it is supported")


async def test_logs_whose_broker_knows_no_ids_of_topics_are_read_as_if_all_were_one() -> None:
    assert await lineages(Old(), [ONE, TWO, HEADLESS]) == {ONE: UNTOLD, TWO: UNTOLD}

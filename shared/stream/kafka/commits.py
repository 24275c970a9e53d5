"""The offsets that a member commits to Kafka. Only lag tools and autoscalers read them, so an outage is theirs to see."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Final

from aiokafka import TopicPartition

from shared.errors import Unavailable
from shared.stream.background import end, spawn
from shared.stream.kafka.connection import outages

INTERVAL: Final = 1.0
PATIENCE: Final = 5.0


class Commits:
    """Commits what a member has applied, every INTERVAL seconds and all partitions in one request; *doing* names it in errors."""

    def __init__(self, group: str, doing: str) -> None:
        self._name = f"{group} offsets"
        self._doing = doing
        self._applied: dict[TopicPartition, int] = {}
        self._consumer: Any = None
        self._task: asyncio.Task[None] | None = None

    def begin(self, consumer: Any) -> None:
        """Commit through *consumer*, which has joined the group, until `pause` or `finish`."""
        self._consumer = consumer
        self._task = spawn(self._commit_forever(), self._name)

    def note(self, place: TopicPartition, offset: int) -> None:
        """Note that all records of *place* below *offset* are applied."""
        self._applied[place] = offset

    async def pause(self) -> None:
        """Stop committing, since the consumer broke; the next one commits what was noted."""
        await end(self._task)
        self._consumer = None

    async def finish(self) -> None:
        """Commit what was noted last, and stop."""
        await end(self._task)
        await self._commit()
        self._consumer = None

    async def _commit_forever(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL)
            await self._commit()

    async def _commit(self) -> None:
        if self._consumer is None or not self._applied:
            return
        applied, self._applied = self._applied, {}
        mine = self._consumer.assignment()
        offsets = {place: offset for place, offset in applied.items() if place in mine}
        if offsets:
            with suppress(Unavailable), outages(self._doing):
                async with asyncio.timeout(PATIENCE):
                    await self._consumer.commit(offsets)

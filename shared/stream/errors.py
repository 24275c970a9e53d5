"""What stops a consumer loudly: going on would lose records, or count them twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from shared.errors import SymposiaError


class ConsumerStopped(SymposiaError):
    """A consumer cannot go on without a decision by the operator; its offset stays where it is."""


class OffsetGap(ConsumerStopped):
    """Records between the last applied one and the next one to be had are gone from the log."""


class TopicRecreated(ConsumerStopped):
    """The log holds something else where the last applied record stood, or ends before it."""


class OffsetRowMissing(ConsumerStopped):
    """The row that says how far a group has read is gone from the database."""


class TooManyRejections(ConsumerStopped):
    """A handler refuses so many records that the fault is likely its own, or its topic's."""


class RecordTooLarge(SymposiaError):
    """A record has more bytes than any part of the log accepts."""


class Stops:
    """Gathers what stops a consumer in several partitions, and raises it as one: an operator then decides once."""

    def __init__(self) -> None:
        self._noted: list[OffsetGap | TopicRecreated] = []

    def __enter__(self) -> Self:
        """Begin with none."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Raise what was noted, unless the block raises something else."""
        if kind is None and self._noted:
            raise type(self._noted[0])("; ".join(map(str, self._noted)))

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Note a gap, or a recreated topic, instead of raising it."""
        try:
            yield
        except (OffsetGap, TopicRecreated) as stop:
            self._noted.append(stop)

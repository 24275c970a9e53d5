"""Whatever is appended by whom, acknowledged when, and read from where: a reader with a tail reads the log, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from hypothesis import given
from hypothesis import strategies as st

from shared.stream import Partition, Record
from shared.stream.kafka.tail import RECORD_OVERHEAD, Tail

PARTITION = Partition("heard.v1", 0)
LIMIT = 4 * RECORD_OVERHEAD


class Step(Enum):
    """What happens to a log, or to its reader."""

    OURS = auto()
    OURS_UNKNOWN = auto()
    THEIRS = auto()
    ACKNOWLEDGED = auto()
    READ_HERE = auto()
    READ_AT_THE_BROKER = auto()
    SOUGHT = auto()


@dataclass
class Story:
    """A log, what of it is acknowledged still to come, and a reader: its offset, and all that it read."""

    log: list[Record] = field(default_factory=list)
    under_way: list[Record] = field(default_factory=list)
    tail: Tail = field(default_factory=lambda: Tail(LIMIT))
    offset: int = 0
    read: list[Record] = field(default_factory=list)

    def play(self, step: Step, size: int) -> None:
        """Let *step* happen."""
        match step:
            case Step.OURS:
                self.under_way.append(self._append(size))
            case Step.OURS_UNKNOWN | Step.THEIRS:
                self._append(size)
            case Step.ACKNOWLEDGED:
                for record in self.under_way[:size]:
                    self.tail.add(record)
                del self.under_way[:size]
            case Step.READ_HERE:
                self._take(self.tail.take(size))
            case Step.READ_AT_THE_BROKER:
                self.ask(size)
            case Step.SOUGHT:
                self.tail.forget()
                self.offset = max(self.offset - size, 0)
                del self.read[self.offset :]

    def ask(self, limit: int) -> None:
        """Read at the broker."""
        found = self.log[self.offset : self.offset + limit]
        self._take(found)
        if found:
            self.tail.follow(PARTITION, self.offset)

    def _take(self, records: list[Record] | tuple[Record, ...]) -> None:
        self.read.extend(records)
        self.offset += len(records)

    def _append(self, size: int) -> Record:
        record = Record(PARTITION, len(self.log), None, b"v" * (size * RECORD_OVERHEAD // 4))
        self.log.append(record)
        return record


@given(st.lists(st.tuples(st.sampled_from(Step), st.integers(1, 8)), max_size=80))
def test_what_is_read_is_the_log_in_order_and_without_a_gap(steps: list[tuple[Step, int]]) -> None:
    story = Story()

    for step, size in steps:
        story.play(step, size)
        assert story.read == story.log[: story.offset]
        assert sum(len(record.value) + RECORD_OVERHEAD for record in story.tail._kept) <= LIMIT

    story.ask(len(story.log))
    assert story.read == story.log


@given(st.lists(st.integers(1, 5), min_size=1, max_size=20))
def test_a_process_alone_reads_nothing_at_the_broker_but_the_first(appends: list[int]) -> None:
    story = Story(tail=Tail())
    story.play(Step.OURS, 1)
    story.ask(1)

    for count in appends:
        for _ in range(count):
            story.play(Step.OURS, 1)
        story.play(Step.ACKNOWLEDGED, len(story.under_way))
        story.play(Step.READ_HERE, count)

    assert story.read == story.log

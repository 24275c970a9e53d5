"""What an outage was like: what came before, during and after it, in a small table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Final, NamedTuple

from tests.faults.outages.readers import Readers
from tests.faults.outages.record import Found
from tests.faults.outages.senders import OK, Answer, Senders

GOING: Final = 1.0
PHASES: Final = ("before", "during", "after")


class Outage(NamedTuple):
    """When something went, when its start was asked for, and when it ran again (loop's seconds)."""

    began: float
    ended: float
    back: float

    def within(self, answer: Answer) -> bool:
        """Say whether *answer* began and ended while it was away: what dies takes a moment to be gone."""
        return self.began + GOING <= answer.begun and answer.ended <= self.ended

    def phase(self, begun: float, ended: float) -> str:
        """Say whether what lasted from *begun* to *ended* came before, or after, or met the outage."""
        if ended < self.began:
            return "before"
        return "after" if begun > self.back else "during"


@dataclass(frozen=True, slots=True)
class Report:
    """What was seen of one outage."""

    title: str
    outage: Outage
    senders: Senders
    readers: Readers
    found: Found

    def of(self, phase: str) -> list[Answer]:
        """Return the answers to posted statements in one of the three phases."""
        return [each for each in self.senders.answers if self.outage.phase(each.begun, each.ended) == phase]

    def refused(self, phase: str) -> list[Answer]:
        """Return those of them that are no 200."""
        return [each for each in self.of(phase) if each.status != OK]

    def memory(self, phase: str) -> float:
        """Return the most memory (PSS, MB) that the gateway had in a phase."""
        return max((held for at, held in self.readers.memory if self.outage.phase(at, at) == phase), default=0.0)

    def lost(self) -> set[str]:
        """Return the statements that were accepted and are not in the record."""
        return self.senders.accepted.keys() - self.found.stored.keys()

    def surplus(self) -> set[str]:
        """Return the statements in the record that nobody was told of."""
        return self.found.stored.keys() - self.senders.accepted.keys()

    def __str__(self) -> str:
        """Write the table."""
        answers = [self.of(phase) for phase in PHASES]
        rows = [
            ("statements accepted", [f"{sum(each.status == OK for each in some)}" for some in answers]),
            ("answered otherwise", [f"{sum(each.status != OK for each in some)}" for some in answers]),
            ("latency p50, ms", [f"{_percentile(some, 0.5):.0f}" for some in answers]),
            ("latency p99, ms", [f"{_percentile(some, 0.99):.0f}" for some in answers]),
            ("latency most, ms", [f"{_percentile(some, 1.0):.0f}" for some in answers]),
            ("gateway's memory, MB PSS", [f"{self.memory(phase):.0f}" for phase in PHASES]),
        ]
        lines = [f"{self.title}, away for {self.outage.back - self.outage.began:.1f} s", _line("", PHASES)]
        lines += [_line(name, cells) for name, cells in rows]
        recovered = self.recovered()
        lines.append(
            f"  answered with 200 again {recovered:.1f} s after it was back; accepted "
            f"{len(self.senders.accepted)}, found {len(self.found.stored)}, "
            f"lost {len(self.lost())}, doubled {self.found.doubled}"
        )
        return "\n".join([*lines, *self._others()])

    def recovered(self) -> float:
        """Return how many seconds after it ran again the first statement was accepted."""
        times = [each.ended for each in self.senders.answers if each.status == OK and each.ended > self.outage.ended]
        return max(0.0, min(times, default=inf) - self.outage.back)

    def _others(self) -> list[str]:
        """Write how everyone else was answered while it was away."""
        lines = []
        for name in sorted({each.name for each in self.readers.answers}):
            answers = [each for each in self.readers.answers if each.name == name and self.outage.within(each)]
            told = sorted({each.status for each in answers})
            slowest = max((each.seconds for each in answers), default=0.0)
            lines.append(f"  meanwhile {name}: {len(answers)} times {told}, at most {slowest:.1f} s")
        return lines


def _line(name: str, cells: Sequence[str]) -> str:
    return f"  {name:<26}" + "".join(f"{cell:>10}" for cell in cells)


def _percentile(answers: Sequence[Answer], share: float) -> float:
    """Return the latency (ms) that *share* of *answers* did not exceed."""
    ordered = sorted(each.seconds for each in answers)
    return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

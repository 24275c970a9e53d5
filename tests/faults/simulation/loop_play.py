"""The loop alone, on a log and a ledger in memory: thousands of histories a minute, for the rules of the loop itself."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry

from shared.contracts.topics import Topic, dead_letters_of
from shared.errors import Unavailable
from shared.stream import (
    Batch,
    Consumer,
    ConsumerSettings,
    Decision,
    MemoryLedger,
    MemoryLog,
    MemoryTransaction,
    OffsetGap,
    Outgoing,
    Partition,
    Record,
    Rejection,
    Step,
    StreamMetrics,
)
from tests.faults.simulation.faults import Misfortune, Troop, crash, slow_down
from tests.faults.simulation.memory_play import MemoryPlay
from tests.faults.simulation.stage import NEVER, Actor, Crash, Director, StageLoop, Violation, play

HEARD: Final = Topic("heard.v1", partitions=2)
SAID: Final = Topic("said.v1", partitions=2)
GROUP: Final = "readers"
MEMBERS: Final = ("member-0", "member-1", "member-2")
BAD: Final = b"bad"
HAMPERED: Final = 0.3


@dataclass(frozen=True)
class LoopParts:
    """What the loop is made of; a test takes a rule away by another class, or by a *patch* around the history."""

    consumer: type[Consumer[MemoryTransaction]] = Consumer
    ledger: type[MemoryLedger] = MemoryLedger
    patch: Callable[[], AbstractContextManager[object]] = nullcontext


@dataclass(frozen=True)
class Played:
    """How a history went: how many steps it took, and its schedule."""

    steps: int
    trail: tuple[str, ...]


class LoopPlay(MemoryPlay):
    """One history: members of one group read what a sender appends, and say each record on."""

    _members = MEMBERS
    _doomed = "member-"

    def __init__(self, seed: int, parts: LoopParts, loop: StageLoop) -> None:
        chance = random.Random(seed)  # noqa: S311  a schedule, not a secret
        random.seed(seed)
        self.director = Director(loop, chance, constancy=chance.choice((0.0, 0.5, 0.9)))
        self._parts = parts
        self._batch = chance.choice((1, 2, 3))
        self._values = [(BAD if chance.random() < 0.1 else b"") + b"%d" % number for number in range(chance.randint(3, 20))]
        self._log = MemoryLog()
        self._ledger = parts.ledger(lock_timeout=1.0)
        self._troop = Troop(GROUP, self._log, (HEARD,))
        self._effects: defaultdict[Partition, list[tuple[int, bytes]]] = defaultdict(list)
        self._forgotten: defaultdict[Partition, list[Record]] = defaultdict(list)
        self._is_hampered = chance.random() < HAMPERED
        self._is_forgetful = chance.random() < 0.5
        self._bugs: list[BaseException] = []
        self._sent = False
        self._stop = asyncio.Event()
        self._misfortune = Misfortune(
            self.director,
            {
                "crash": (5, lambda: self._to_someone(crash)),
                "slow": (2, lambda: self._to_someone(slow_down)),
                "zombie": (5, self._zombie),
                "given up, to die": (5, lambda: self._to_someone(self._be_given_up_to_die)),
                "moved": (2, self._move),
                "log out": (1, lambda: setattr(self._log.faults, "outage", True)),
                "ledger out": (1, lambda: setattr(self._ledger, "outage", True)),
                "lost acknowledgement": (2, lambda: self._more("lost_acknowledgements")),
                "repeated append": (1, lambda: self._more("repeated_appends")),
                "lost commit": (3, self._lose_commit),
            },
        )

    async def run(self) -> Played:
        """Play the history to its end. Raises Violation."""
        await self._log.ensure([HEARD, SAID, dead_letters_of(HEARD, GROUP)])
        for name in MEMBERS:
            self.director.start(name, lambda name=name: self._member(name))  # type: ignore[misc]
        self.director.start("sender", self._send)
        try:
            await self._enter()
            await self._direct()
            self._judge()
        finally:
            self._stop.set()
            await self.director.dismiss()
        return Played(self.director.step, tuple(self.director.trail))

    async def _enter(self) -> None:
        """Let everybody enter as chance will have it."""

    def _hamper(self, actor: Actor) -> bool:
        """Give up who is about to forget what it published; let others die with what they did not publish yet."""
        if not self._is_hampered:
            return False
        if actor.at == Step.PUBLISHED and self.director.random.random() < HAMPERED:
            actor.asleep = self.director.step + self.director.random.choice((40, 80, 160))
            self._troop.give_up(actor.process)
            return True
        if actor.at == Step.COMMITTED and self.director.random.random() < HAMPERED / 2:
            actor.doomed = Step.COMMITTED
        return False

    async def _member(self, name: str) -> None:
        """Be a process that is started again whenever it dies."""
        while not self._stop.is_set():
            consumer = self._parts.consumer(
                group=GROUP,
                topics=[HEARD],
                handler=self._echo,
                log=self._log,
                ledger=self._ledger,
                settings=ConsumerSettings(
                    batch_records=self._batch,
                    fetch_wait=0.5,
                    backoff=0.1,
                    backoff_limit=1.0,
                    attempts=1000,
                    outbox_look=NEVER,
                ),
                metrics=StreamMetrics(CollectorRegistry()),
                observer=self.director.observe,
            )
            self._troop.consumers[name] = consumer
            try:
                await consumer.run(self._stop)
            except Crash:
                await self.director.hold("dead")
            except (
                OffsetGap
            ) as gap:  # what others applied may be forgotten while this one looks where it stands: it stops, loudly
                if not self._is_forgetful:
                    self._bugs.append(gap)
                    return
            except Exception as bug:  # noqa: BLE001  whatever stops the loop is what the history is about
                self._bugs.append(bug)
                return

    async def _echo(self, batch: Batch, transaction: MemoryTransaction) -> Decision:
        """Note what is applied, if it is committed; say it on, or refuse it."""
        seen = [(record.offset, record.value) for record in batch.records]
        transaction.at_commit(lambda: self._effects[batch.partition].extend(seen))
        good = [record for record in batch.records if not record.value.startswith(BAD)]
        bad = [record for record in batch.records if record.value.startswith(BAD)]
        return Decision(
            tuple(Outgoing(SAID, record.value, record.key) for record in good), tuple(Rejection(record, "bad") for record in bad)
        )

    async def _send(self) -> None:
        for value in self._values:
            await self.director.hold("append")
            try:
                await self._log.append([Outgoing(HEARD, value, value)])
            except Unavailable:
                continue
        self._sent = True

    def _be_given_up_to_die(self, director: Director, actor: Actor) -> None:
        """Die as soon as a transaction is committed, having been given up before: nobody says what was applied but the outbox."""
        self._be_given_up(director, actor)
        actor.doomed = Step.COMMITTED

    def _done(self) -> bool:
        return self._sent

    async def _between(self) -> None:
        if self._is_forgetful:
            self._forget()

    def _forget(self) -> None:
        """Delete what was applied, as retention does: there is then no last record to compare with."""
        for place, mark in self._ledger.marks.items():
            kept = self._log.records[place.partition]
            self._forgotten[place.partition] += [record for record in kept if record.offset < mark.next_offset]
            self._log.records[place.partition] = [record for record in kept if record.offset >= mark.next_offset]
            self._log.first[place.partition] = mark.next_offset

    def _heard(self) -> dict[Partition, list[tuple[int, bytes]]]:
        """Return what the log was ever given."""
        places = [Partition(HEARD.name, number) for number in range(HEARD.partitions)]
        return {each: [(one.offset, one.value) for one in (*self._forgotten[each], *self._log.records[each])] for each in places}

    def _settled(self) -> bool:
        marks = {place.partition: mark.next_offset for place, mark in self._ledger.marks.items()}
        return not self._ledger.rows and all(marks.get(each, 0) == len(values) for each, values in self._heard().items())

    def _judge(self) -> None:
        """Compare what was applied and said with what was sent. Raises Violation."""
        if self._bugs:
            raise Violation(f"a member stopped: {self._bugs[0]!r}")
        heard = self._heard()
        for partition, values in heard.items():
            if self._effects[partition] != values:
                raise Violation(f"{partition} was applied as {self._effects[partition]}, and holds {values}")
        told = {number: self._topic(Partition(SAID.name, number)) for number in range(SAID.partitions)}
        for partition, values in heard.items():
            for number, said in told.items():
                of_this = dict.fromkeys(value for _, value in values if value in said)
                if list(dict.fromkeys(value for value in said if value in of_this)) != list(of_this):
                    raise Violation(f"what {partition} said on stands in {number} as {said}")
        good = {value for values in heard.values() for _, value in values if not value.startswith(BAD)}
        if good != {value for said in told.values() for value in said}:
            raise Violation(f"{sorted(good)} should have been said, and {told} was")
        self._judge_letters(heard)

    def _judge_letters(self, heard: dict[Partition, list[tuple[int, bytes]]]) -> None:
        bad = Counter(
            (partition, offset) for partition, values in heard.items() for offset, value in values if value.startswith(BAD)
        )
        buried = Counter((letter.record.partition, letter.record.offset) for letter in self._ledger.letters)
        if bad != buried:
            raise Violation(f"{bad} should be dead letters, and {buried} are")
        letters = self._topic(Partition(dead_letters_of(HEARD, GROUP).name, 0))
        if set(letters) != {value for values in heard.values() for _, value in values if value.startswith(BAD)}:
            raise Violation(f"the topic of dead letters holds {letters}")

    def _topic(self, partition: Partition) -> list[bytes]:
        return [record.value for record in self._log.records[partition]]


def play_loop(seed: int, parts: LoopParts | None = None) -> Played:
    """Play one history by *seed*. Raises Violation, which names the seed and holds the schedule."""
    parts = parts or LoopParts()

    async def work(loop: StageLoop) -> Played:
        history = LoopPlay(seed, parts, loop)
        with history.director.recounting(f"seed {seed} of the loop alone"):
            return await history.run()

    with parts.patch():
        played: Played = play(work)
    return played

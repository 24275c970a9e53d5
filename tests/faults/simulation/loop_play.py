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
from shared.stream.memory import Faults
from tests.faults.simulation.faults import Misfortune, Troop, crash, fated, slow_down
from tests.faults.simulation.stage import NEVER, Actor, Crash, Director, StageLoop, Violation, play

HEARD: Final = Topic("heard.v1", partitions=2)
SAID: Final = Topic("said.v1", partitions=2)
GROUP: Final = "readers"
MEMBERS: Final = 3
BAD: Final = b"bad"
HAMPERED: Final = 0.3
MOST_STEPS: Final = 20_000
MOST_PAUSES: Final = 400


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


class LoopPlay:
    """One history: members of one group read what a sender appends, and say each record on."""

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
        for number in range(MEMBERS):
            self.director.start(f"member-{number}", lambda name=f"member-{number}": self._member(name))  # type: ignore[misc]
        self.director.start("sender", self._send)
        try:
            await self._direct()
            self._judge()
        finally:
            self._stop.set()
            await self.director.dismiss()
        return Played(self.director.step, tuple(self.director.trail))

    async def _direct(self) -> None:
        pauses = 0
        while self.director.step < MOST_STEPS:
            await self.director.loop.until_quiet()
            if self._is_forgetful:
                self._forget()
            calm = self._sent and not self._misfortune.left
            if calm:
                self._end_faults()
            ready = self.director.ready()
            if ready:
                self._step(ready, calm=calm)
            elif calm and self._settled():
                return
            elif not self._let_time_pass() or (pauses := pauses + 1) > MOST_PAUSES:
                break
        raise Violation(f"it does not come to rest: outbox {sorted(self._ledger.rows)}, marks {self._ledger.marks}, {self._bugs}")

    def _let_time_pass(self) -> bool:
        """Wake who is slow, or let time pass: outages end in time, and misfortunes too. Say no where nothing is waited for."""
        self._misfortune.left = max(self._misfortune.left - self._sent, 0)
        if self.director.wake():
            return True
        self._end_outages()
        return self.director.loop.pass_time()

    def _step(self, ready: list[Actor], *, calm: bool) -> None:
        """Let somebody go on; or let something happen, after which others may be ready."""
        if not calm:
            before = self.director.step
            self._misfortune.perhaps()
            if self.director.step != before:
                return
            ready = self.director.ready()
        if not ready:
            return
        actor = self.director.choose(ready)
        if calm or not self._is_hampered or not self._hamper(actor):
            self.director.release(actor)

    def _hamper(self, actor: Actor) -> bool:
        """Give up who is about to forget what it published; let others die with what they did not publish yet."""
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

    def _to_someone(self, fate: Callable[[Director, Actor], None]) -> None:
        members = [actor for actor in self.director.ready() if actor.name != "sender" and actor.at != "entrance"]
        if members:
            fate(self.director, fated(self.director.random, members))

    def _zombie(self) -> None:
        """Give somebody up who is at work, and let him go on only later."""
        self._to_someone(self._be_given_up)

    def _be_given_up(self, director: Director, actor: Actor) -> None:
        slow_down(director, actor)
        self._troop.give_up(actor.process)

    def _be_given_up_to_die(self, director: Director, actor: Actor) -> None:
        """Die as soon as a transaction is committed, having been given up before: nobody says what was applied but the outbox."""
        self._be_given_up(director, actor)
        actor.doomed = Step.COMMITTED

    def _move(self) -> None:
        """Move partitions: give somebody up, or take everybody back who was."""
        if self._troop.given_up:
            self._take_back()
        else:
            self._troop.give_up(f"member-{self.director.random.randrange(MEMBERS)}")

    def _take_back(self) -> None:
        for name in list(self._troop.given_up):
            self._troop.take_back(name)

    def _more(self, fault: str) -> None:
        setattr(self._log.faults, fault, getattr(self._log.faults, fault) + 1)

    def _lose_commit(self) -> None:
        self._ledger.lost_commits += 1

    def _forget(self) -> None:
        """Delete what was applied, as retention does: there is then no last record to compare with."""
        for place, mark in self._ledger.marks.items():
            kept = self._log.records[place.partition]
            self._forgotten[place.partition] += [record for record in kept if record.offset < mark.next_offset]
            self._log.records[place.partition] = [record for record in kept if record.offset >= mark.next_offset]
            self._log.first[place.partition] = mark.next_offset

    def _end_outages(self) -> None:
        self._log.faults.outage = self._ledger.outage = False

    def _end_faults(self) -> None:
        self._log.faults = Faults()
        self._ledger.outage, self._ledger.lost_commits = False, 0
        self.director.wake()
        self._take_back()

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
    stage: list[LoopPlay] = []

    async def work(loop: StageLoop) -> Played:
        stage.append(LoopPlay(seed, parts, loop))
        return await stage[0].run()

    try:
        with parts.patch():
            played: Played = play(work)
    except Violation as violation:
        schedule = "\n".join(f"{number:5} {line}" for number, line in enumerate(stage[0].director.trail))
        raise Violation(f"seed {seed} of the loop alone: {violation}\n{schedule}") from violation
    return played

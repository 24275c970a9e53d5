"""A history of what is heard and told: ingest's own telling, intake and sweep, in several processes, over tables in memory."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Collection, Coroutine, Sequence
from contextlib import suppress
from operator import attrgetter
from typing import Any, Final

from services.ingest.domain.interaction import ChannelId
from services.ingest.domain.reading import Reading
from services.ingest.domain.source import Platform, Source, SourceId
from services.ingest.hearing import Hearing
from services.ingest.telling import GROUP
from shared.contracts import RECEIVED, dead_letters_of
from shared.errors import Unavailable
from shared.stream import Partition
from tests.faults.simulation.faults import Misfortune, Troop, crash, slow_down
from tests.faults.simulation.loop_play import Played
from tests.faults.simulation.memory_play import MemoryPlay
from tests.faults.simulation.stage import CURRENT, Actor, Crash, Director, Order, StageLoop, Violation, play
from tests.faults.simulation.telling_judge import (
    LONG,
    PERSON,
    expected_of,
    judge_closed,
    judge_erased,
    judge_told,
    judge_what_waits,
    metrics,
    told_in,
)
from tests.faults.simulation.telling_parts import (
    EndedTransaction,
    EndingLedger,
    HeldLog,
    Kind,
    Tables,
    TellingParts,
)
from tests.faults.simulation.telling_plot import dealt, read
from tests.faults.simulation.telling_wiring import TOPIC, Wiring
from tests.support.ingest import Sent

MEMBERS: Final = ("telling-0", "telling-1")
PRIVATE: Final = ChannelId("C1")
SWEEPS: Final = 6
HAMPERED: Final = 0.9
ASKING: Final = frozenset({"learn", "look", "wait", "open", "overdue", "settle", "put off", "withdraw", "remember", "withdrawn"})
BACK_OFF: Final = 0.3


class TellingPlay(MemoryPlay):
    """One history: doors hear what several sources say, and members of one group tell it."""

    _members = MEMBERS
    _doomed = ("telling-", "sweeper")
    _ledger: EndingLedger

    def __init__(self, seed: int, parts: TellingParts, loop: StageLoop, said: Sequence[Sent] = ()) -> None:
        chance = random.Random(seed)  # noqa: S311  a schedule, not a secret
        random.seed(seed)
        self.director = Director(loop, chance, constancy=chance.choice((0.0, 0.5, 0.9)), killed=self._kill)
        self.kind = parts.kind or chance.choice(list(Kind))
        self._said = [*said] or dealt(chance)
        sources = {sent.source.id: sent.source for sent in self._said}
        self._tables = Tables(self.director, list(sources.values()))
        self._log = HeldLog(self.director)
        self._ledger = EndingLedger(lock_timeout=1.0)
        self._troop = Troop(GROUP, self._log, (TOPIC,))
        self._wiring = Wiring(self.director, self.kind, parts, self._tables, self._log, self._ledger)
        self._batch = chance.choice((2, 8, 20))
        self._bugs: list[BaseException] = []
        self._busy: set[str] = set()
        self._ending: list[EndedTransaction] = []
        self._closed = SourceId("")
        self._before_closing: Collection[str] = ()
        self._heard, self._stop = asyncio.Event(), asyncio.Event()
        self._misfortune = Misfortune(
            self.director,
            {
                "crash": (5, lambda: self._to_someone(crash)),
                "slow": (3, lambda: self._to_someone(slow_down)),
                "zombie": (5, self._zombie),
                "moved": (2, self._move),
                "session ended": (5, self._end_session),
                "log out": (1, lambda: setattr(self._log.faults, "outage", True)),
                "ledger out": (1, lambda: setattr(self._ledger, "outage", True)),
                "statement failed": (3, lambda: self._to_asking(Order.FAIL)),
                "answer lost": (2, lambda: self._to_asking(Order.LOSE)),
                "lost acknowledgement": (2, lambda: self._more("lost_acknowledgements")),
                "repeated append": (1, lambda: self._more("repeated_appends")),
                "lost commit": (2, self._lose_commit),
            },
        )

    async def run(self) -> Played:
        """Play the history to its end. Raises Violation."""
        await self._log.ensure([TOPIC, RECEIVED, dead_letters_of(TOPIC, GROUP)])
        for name in MEMBERS:
            self.director.start(name, lambda name=name: self._be_a_process(name, self._tell))  # type: ignore[misc]
        self._begin("door", self._hear())
        if self.kind in {Kind.HASTY, Kind.LATE}:
            self._begin("sweeper", self._be_a_process("sweeper", self._sweep))
        if self.kind is Kind.ERASING:
            self._begin("eraser", self._erase())
        tasks = [actor.task for actor in self.director.actors.values() if actor.task is not None]
        try:
            await self._enter()
            await self._direct()
            await self._judge()
        finally:
            self._stop.set()
            await self.director.dismiss()
            await self._end(tasks)
        return Played(self.director.step, tuple(self.director.trail))

    async def _enter(self) -> None:
        """Let members enter late, so that much waits for them at once."""
        for name in MEMBERS:
            self.director.actors[name].asleep = self.director.random.choice((0, 0, 60))

    async def _end(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        """End those who run others' work in tasks of its own."""
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Let somebody do *work* without whose end there is no calm."""
        self._busy.add(name)

        async def act() -> None:
            try:
                await work
            except Exception as bug:  # noqa: BLE001  whatever stops it is what the history is about
                self._bugs.append(bug)
            self._busy.discard(name)

        self.director.start(name, act)

    async def _be_a_process(self, name: str, work: Any) -> None:
        """Do *work* in a task that may be killed, and again after that, until it comes to its end."""
        actor = CURRENT.get()
        assert actor is not None
        while not self._stop.is_set():
            main, actor.task = actor.task, self.director.loop.create_task(work(name))
            await asyncio.wait([actor.task])
            ended, actor.task = actor.task, main
            if not ended.cancelled() and not isinstance(error := ended.exception(), Crash):
                if error is not None:
                    self._bugs.append(error)
                return
            if not self._stop.is_set():
                await self.director.hold("dead")

    def _kill(self, process: str) -> None:
        """End what a process does that dies, and that is not held."""
        for actor in [*self.director.actors.values()]:
            if actor.process == process and actor.task is not None and not actor.is_held and actor.at != "entrance":
                actor.task.cancel()

    async def _tell(self, name: str) -> None:
        """Be a member that tells what was heard."""
        consumer = self._wiring.consumer(self._batch)
        self._troop.consumers[name] = consumer
        await consumer.run(self._stop)

    async def _hear(self) -> None:
        """Deliver everything, again where it was not taken."""
        hearing = Hearing(self._log, self._tables.clock, metrics())
        closing = self.director.random.choice(self._of_channels()) if self.kind is Kind.CLOSING else None
        for number, sent in enumerate(self._said):
            if number == closing:
                self._closed, self._before_closing = (
                    sent.source.id,
                    frozenset((await expected_of(self._said[:number])).statements),
                )
                await self._deliver(hearing, sent.source, Reading(closed=(PRIVATE,)))
            await self._deliver(hearing, sent.source, read(sent))
        self._heard.set()

    def _of_channels(self) -> list[int]:
        """Return the places of what was said in a channel that may turn out private."""
        return [number for number, sent in enumerate(self._said) if sent.source.platform is Platform.SLACK]

    async def _deliver(self, hearing: Hearing, source: Source, reading: Reading) -> None:
        while True:
            await self.director.hold("hear")
            with suppress(Unavailable):
                await hearing.take(source, reading)
                return
            await asyncio.sleep(BACK_OFF)

    async def _sweep(self, name: str) -> None:
        """Tell now and then what has waited, which here is no time at all; after an outage, in which all was heard."""
        del name
        sweep = self._wiring.sweep()
        if self.kind is Kind.LATE:
            await self._heard.wait()
        for _ in range(SWEEPS):
            await self.director.hold("sweep")
            with suppress(Unavailable):
                await sweep.once()

    async def _erase(self) -> None:
        """Erase somebody as soon as all is heard, while it is told."""
        await self._heard.wait()
        while True:
            await self.director.hold("erase")
            with suppress(Unavailable):
                async with self._ledger.transaction() as transaction:
                    for place in sorted(self._ledger.marks, key=attrgetter("partition")):
                        await self._ledger.claim(place, transaction)
                    await self.director.hold("forget")
                    transaction.at_commit(lambda: self._tables.forget(PERSON))
                return
            await asyncio.sleep(BACK_OFF)

    def _end_session(self) -> None:
        """Let PostgreSQL end the transaction of a batch whose process goes on; the group gives it up, or not."""
        if names := sorted(name for name in self._ledger.open_ones if name in MEMBERS):
            name = self.director.random.choice(names)
            self.director.note(f"the session of {name} is ended")
            self._ending.append(self._ledger.open_ones[name])
            if self.director.random.random() < 0.8:
                self._troop.give_up(name)

    def _hamper(self, actor: Actor) -> bool:
        """Take its batch from who is about to remember somebody who is to be erased, and let it go on when that is done."""
        if self.kind is not Kind.ERASING or actor.at not in {"learn", "wait"} or self.director.random.random() < HAMPERED:
            return False
        self._end_session()
        actor.asleep = self.director.step + self.director.random.choice((40, 160))
        return True

    def _to_asking(self, order: Order) -> None:
        asking = [actor for actor in self.director.ready() if actor.at in ASKING and actor.name.startswith(self._doomed)]
        if asking:
            self.director.release(self.director.random.choice(asking), order)

    async def _between(self) -> None:
        """End the sessions that are to end."""
        while self._ending:
            await self._ending.pop().end()

    def _done(self) -> bool:
        return not self._busy

    def _settled(self) -> bool:
        marks = {place.partition: mark.next_offset for place, mark in self._ledger.marks.items()}
        partitions = [Partition(TOPIC.name, number) for number in range(TOPIC.partitions)]
        return not self._ledger.rows and all(marks.get(each, 0) == self._log.end(each) for each in partitions)

    async def _judge(self) -> None:
        """Compare what was told with what was heard. Raises Violation."""
        if self._bugs:
            raise Violation(f"a member stopped: {self._bugs[0]!r}")
        if self._ledger.letters:
            raise Violation(f"there are dead letters: {self._ledger.letters[0].reason}")
        await judge_what_waits(self._tables)
        self._tables.later = LONG
        await self._wiring.sweep().once()
        if self._tables.pending:
            raise Violation(f"there waits for ever {sorted(self._tables.pending)}")
        expected, told = await expected_of(self._said), told_in(self._log)
        judge_told(self.kind, expected, told)
        if self.kind is Kind.CLOSING:
            judge_closed(self._closed, self._before_closing, told)
        if self.kind is Kind.ERASING:
            judge_erased(self._tables, expected, self._log)


def play_telling(seed: int, parts: TellingParts | None = None) -> Played:
    """Play one history by *seed*. Raises Violation, which names the seed and holds the schedule."""
    parts = parts or TellingParts()

    async def work(loop: StageLoop) -> Played:
        history = TellingPlay(seed, parts, loop)
        with history.director.recounting(f"seed {seed} of the telling, {history.kind}"):
            return await history.run()

    played: Played = play(work)
    return played

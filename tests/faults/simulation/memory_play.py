"""A history on a log and a ledger in memory: who goes on, what goes wrong, and when it has come to rest."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Final

from shared.stream import MemoryLedger, MemoryLog
from shared.stream.memory import Faults
from tests.faults.simulation.faults import Misfortune, Troop, fated, slow_down
from tests.faults.simulation.stage import Actor, Director, Violation

MOST_STEPS: Final = 20_000
MOST_PAUSES: Final = 400


class MemoryPlay(ABC):
    """One history of *members* of a troop; *doomed* is how the names of all begin whom misfortune may befall."""

    director: Director
    _log: MemoryLog
    _ledger: MemoryLedger
    _troop: Troop
    _misfortune: Misfortune
    _bugs: list[BaseException]
    _members: Sequence[str]
    _doomed: str | tuple[str, ...]

    @abstractmethod
    def _done(self) -> bool:
        """Say whether nothing more is said to the members."""

    @abstractmethod
    def _settled(self) -> bool:
        """Say whether they have nothing left to do."""

    @abstractmethod
    async def _between(self) -> None:
        """Do what happens between two steps."""

    def _hamper(self, actor: Actor) -> bool:
        """Hold *actor* up where it is; say whether it is."""
        del actor
        return False

    async def _direct(self) -> None:
        pauses = 0
        while self.director.step < MOST_STEPS:
            await self.director.loop.until_quiet()
            await self._between()
            calm = self._done() and not self._misfortune.left
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
        self._misfortune.left = max(self._misfortune.left - self._done(), 0)
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
        if calm or not self._hamper(actor):
            self.director.release(actor)

    def _to_someone(self, fate: Callable[[Director, Actor], None]) -> None:
        members = [actor for actor in self.director.ready() if actor.name.startswith(self._doomed) and actor.at != "entrance"]
        if members:
            fate(self.director, fated(self.director.random, members))

    def _zombie(self) -> None:
        """Give somebody up who is at work, and let him go on only later."""
        self._to_someone(self._be_given_up)

    def _be_given_up(self, director: Director, actor: Actor) -> None:
        slow_down(director, actor)
        self._troop.give_up(actor.process)

    def _move(self) -> None:
        """Move partitions: give somebody up, or take everybody back who was."""
        if self._troop.given_up:
            self._take_back()
        else:
            self._troop.give_up(self.director.random.choice(self._members))

    def _take_back(self) -> None:
        for name in list(self._troop.given_up):
            self._troop.take_back(name)

    def _more(self, fault: str) -> None:
        setattr(self._log.faults, fault, getattr(self._log.faults, fault) + 1)

    def _lose_commit(self) -> None:
        self._ledger.lost_commits += 1

    def _end_outages(self) -> None:
        self._log.faults.outage = self._ledger.outage = False

    def _end_faults(self) -> None:
        self._log.faults = Faults()
        self._ledger.outage, self._ledger.lost_commits = False, 0
        self.director.wake()
        self._take_back()

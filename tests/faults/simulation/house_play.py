"""A history of the whole house on PostgreSQL: the services' own handlers, stepped statement by statement."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Coroutine
from typing import Any, Final

import asyncpg

from shared.stream import ConsumerSettings, Step
from shared.stream.memory import Faults
from tests.faults.simulation.books import NAMES, SET_BACK, SETTLED, WAITING
from tests.faults.simulation.faults import Misfortune, crash, fated, slow_down
from tests.faults.simulation.house import House
from tests.faults.simulation.judge import judge
from tests.faults.simulation.loop_play import Played
from tests.faults.simulation.parts import Books, Cast, HouseParts
from tests.faults.simulation.plot import plot
from tests.faults.simulation.stage import IDLE, Actor, Director, Order, StageLoop, Violation

STATEMENTS: Final = frozenset(NAMES.values()) | {"commit"}
MOST_STEPS: Final = 30_000
MOST_PAUSES: Final = 600
LONG_AWAY: Final = 300
"""Pauses after which whoever was given up joins its group again, though somebody still waits for an answer from it."""

MOST_CALM_PAUSES: Final = 80
PROCESSES: Final = ("recorder-", "enrichment-", "scoring-", "relinker", "drainer", "importer", "poller")
HAMPERED: Final = 0.5
RECORDING_ALONE: Final = 0.4
"""The share of histories in which the recorder, its doors and a poller are alone on the stage."""


class HousePlay:
    """One history of the house."""

    def __init__(self, seed: int, parts: HouseParts, books: Books, loop: StageLoop) -> None:
        self._chance = random.Random(seed)  # noqa: S311  a schedule, not a secret
        random.seed(seed)
        self.director = Director(loop, self._chance, constancy=self._chance.choice((0.3, 0.7, 0.9)))
        self.director.quiet = self._quiet
        self._books = books
        self._plot = plot(seed, self._chance)
        cast = parts.cast or (Cast.RECORDING if self._chance.random() < RECORDING_ALONE else Cast.WHOLE)
        self._house = House(self.director, books, parts, self._chance, cast)
        self._errands: list[Coroutine[Any, Any, Any]] = []
        self._is_hampered = self._chance.random() < HAMPERED
        loop.glancing.answers = lambda: bool(self.director.in_flight - self.director.blocked)
        self._misfortune = Misfortune(
            self.director,
            {
                "crash": (6, lambda: self._to_someone(crash)),
                "slow": (4, lambda: self._to_someone(slow_down)),
                "zombie": (5, self._zombie),
                "moved": (2, self._move),
                "log out": (1, lambda: setattr(self._house.log.faults, "outage", True)),
                "ledger out": (2, lambda: self._to_someone(self._fail)),
                "lost commit": (3, lambda: self._to_committing(Order.LOSE)),
                "died at the commit": (1, lambda: self._to_committing(Order.CRASH)),
                "lost acknowledgement": (2, lambda: self._more("lost_acknowledgements")),
                "repeated append": (2, lambda: self._more("repeated_appends")),
                "clock set back": (
                    2,
                    lambda: self._errand(SET_BACK),
                ),
                "frozen": (1, self._freeze),
            },
        )

    async def run(self) -> Played:
        """Play the history to its end. Raises Violation."""
        await self._house.open(self._plot)
        try:
            await self._enter()
            await self._direct()
            await judge(self._house, self._plot)
        finally:
            self._house.stop.set()
            self.director.loop.glancing.answers = bool
            await self.director.dismiss()
        return Played(self.director.step, tuple(self.director.trail))

    async def _enter(self) -> None:
        """Let some enter late, so that much waits for them at once, and news of people come in the middle."""
        late = ["enrichment-0", "enrichment-1"] if self._chance.random() < 0.6 else []
        for name in (*late, "importer"):
            if name in self.director.actors:
                self.director.actors[name].asleep = self._chance.choice((0, 200, 300, 400, 500))

    async def _direct(self) -> None:
        pauses = calm_pauses = 0
        while self.director.step < MOST_STEPS:
            await self.director.quiet()
            while self._errands:
                await self._errands.pop()
            if self._house.bugs:
                raise Violation(f"a member stopped: {self._house.bugs[0]!r}")
            calm = not self._house.busy and not self._misfortune.left
            if calm:
                self._end_faults()
            ready = [actor for actor in self.director.ready() if actor.at != IDLE or self._looks(actor, calm=calm)]
            if ready:
                self._step(ready, calm=calm)
                continue
            if calm and not await self._left() and self._stirred():
                return
            if not await self._let_time_pass(calm=calm):
                break
            pauses, calm_pauses = pauses + 1, calm_pauses + calm
            if pauses > MOST_PAUSES or calm_pauses > MOST_CALM_PAUSES:
                break
        raise Violation(f"it does not come to rest: {await self._left()} left, steps {self.director.step}")

    def _looks(self, actor: Actor, *, calm: bool) -> bool:
        """Say whether somebody who looks only now and then looks now: the relinker soon after an import."""
        eager = actor.name == "relinker" and "importer" not in self._house.busy
        return not calm and self._chance.random() < (0.3 if eager or self._house.cast is Cast.RECORDING else 0.06)

    def _step(self, ready: list[Actor], *, calm: bool) -> None:
        if not calm:
            before = self.director.step
            self._misfortune.perhaps()
            if self.director.step != before:
                return
            ready = [actor for actor in ready if actor.is_held and actor.asleep <= self.director.step and not actor.frozen]
        if not ready:
            return
        actor = self.director.choose(ready)
        if calm or not self._is_hampered or not self._hamper(actor):
            self.director.release(actor)

    def _hamper(self, actor: Actor) -> bool:
        """Hold enrichment up around its commits, and let the news of people come meanwhile; say whether it is held up."""
        if (
            not actor.name.startswith("enrichment-")
            or actor.at not in {"commit", Step.COMMITTED}
            or self._chance.random() < HAMPERED
        ):
            return False
        actor.asleep = self.director.step + self._chance.choice((40, 80, 160))
        if "importer" in self.director.actors and self._chance.random() < HAMPERED:
            self.director.actors["importer"].asleep = 0
        return True

    _rounds = 0

    def _stirred(self) -> bool:
        """Say whether everybody who only looks now and then has looked once more, since all was settled."""
        self._rounds += 1
        if self._rounds > 1:
            return True
        self._stir()
        return False

    def _stir(self) -> None:
        for actor in self.director.ready():
            if actor.at == IDLE:
                self.director.release(actor)

    _pauses = 0

    async def _let_time_pass(self, *, calm: bool) -> bool:
        """Wake who is slow, end outages, let who looks now and then look; or time pass. Say no where nothing is waited for."""
        self._pauses += 1
        if self._pauses > LONG_AWAY:
            self._take_back()
        self._misfortune.left = max(self._misfortune.left - (not self._house.busy), 0)
        if self.director.wake():
            return True
        self._house.log.faults.outage = False
        frozen = await self._end_frozen_sessions()
        self.director.blocked.clear()  # a deadlock may have been ended
        idle = [actor for actor in self.director.ready() if actor.at == IDLE]
        if calm or self._chance.random() < 0.2:
            self._stir()
        return self.director.loop.pass_time() or bool(idle) or frozen

    async def _quiet(self) -> None:
        """Return once everybody is held, or waits for a lock or for time."""
        await self.director.loop.until_quiet()
        while self.director.in_flight - self.director.blocked:
            await self._see_who_waits()
            await self.director.loop.until_quiet()

    async def _see_who_waits(self) -> None:
        waiting = {row["pid"] for row in await self._books.ask(WAITING)}
        self.director.blocked |= waiting & self.director.in_flight

    async def _left(self) -> dict[str, int]:
        """Say what is not done yet: rows, jobs, and records that a group has not applied."""
        standing = json.loads((await self._books.ask(SETTLED))[0][0])
        left = {what: standing[what] for what in ("outbox", "relink") if standing[what]}
        for group, troop in self._house.troops.items():
            for partition in self._house.log.records:
                if partition.topic == troop.topics[0].name:
                    at = standing.get(f"{group} {partition.topic} {partition.number}", 0)
                    if at != (end := self._house.log.end(partition)):
                        left[f"{group} in {partition.number}"] = end - at
        return left

    async def _end_frozen_sessions(self) -> bool:
        """Do what PostgreSQL does to a session that is idle in a transaction for as long as its own setting says."""
        ended = False
        for actor in self.director.actors.values():
            connection = actor.connection
            if not actor.frozen or connection is None or connection.is_closed() or not connection.is_in_transaction():
                continue
            (row,) = await asyncpg.Connection.fetch(
                connection,
                "SELECT setting::int / 1000.0 AS seconds FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout'",
            )
            if 0 < row["seconds"] < ConsumerSettings().poll_interval:
                pid = connection.get_server_pid()
                await self._books.ask("SELECT pg_terminate_backend($1, 5000)", pid)
                self.director.note(f"PostgreSQL ends the session of {actor.name}")
                self.director.blocked.clear()
                ended = True
        return ended

    def _members(self) -> list[Actor]:
        return [actor for actor in self.director.ready() if actor.name.startswith(PROCESSES) and actor.at != "entrance"]

    def _to_someone(self, fate: Callable[[Director, Actor], None]) -> None:
        if members := self._members():
            fate(self.director, fated(self._chance, members))

    def _to_committing(self, order: Order) -> None:
        committing = [actor for actor in self._members() if actor.at == "commit"]
        if committing:
            self.director.release(self._chance.choice(committing), order)

    def _fail(self, director: Director, actor: Actor) -> None:
        """Let the server be out of reach for the statement that *actor* is about to ask, if it is about to ask one."""
        if actor.connection is not None and not actor.connection.is_closed() and actor.at in STATEMENTS:
            director.release(actor, Order.FAIL)

    def _zombie(self) -> None:
        """Give a member up that is at work, and let it go on only later."""
        members = [actor for actor in self._members() if self._house.troop_of(actor.process)]
        if members:
            actor = fated(self._chance, members)
            slow_down(self.director, actor)
            self._give_up(actor.process)
            actor.doomed = self._chance.choice(("", Step.COMMITTED))

    def _freeze(self) -> None:
        """Freeze a member inside its transaction, for good."""
        inside = [
            actor
            for actor in self._members()
            if self._house.troop_of(actor.process) and actor.connection and not actor.connection.is_closed()
            and actor.connection.is_in_transaction()
        ]  # fmt: skip
        if inside and not any(actor.frozen for actor in self.director.actors.values()):
            actor = self._chance.choice(inside)
            actor.frozen = True
            self.director.note(f"{actor.name} freezes at {actor.at}")
            self._give_up(actor.process)

    def _give_up(self, name: str) -> None:
        troop = self._house.troop_of(name)
        if troop is not None:
            troop.give_up(name)

    def _move(self) -> None:
        troop = self._house.troops[self._chance.choice(sorted(self._house.troops))]
        if troop.given_up:
            self._take_back()
        else:
            troop.give_up(f"{troop.group}-{self._chance.randrange(2)}")

    def _take_back(self) -> None:
        for troop in self._house.troops.values():
            for name in list(troop.given_up):
                if not self.director.actors[name].frozen:
                    troop.take_back(name)

    def _more(self, fault: str) -> None:
        faults = self._house.log.faults
        setattr(faults, fault, getattr(faults, fault) + 1)

    def _errand(self, sql: str) -> None:
        self._errands.append(self._books.ask(sql))

    def _end_faults(self) -> None:
        self._house.log.faults = Faults()
        self.director.wake()
        self._take_back()


async def play_house(seed: int, books: Books, loop: StageLoop, parts: HouseParts | None = None) -> Played:
    """Play one history of the house by *seed*. Raises Violation, which names the seed and holds the schedule."""
    parts = parts or HouseParts()
    with parts.patch():
        history = HousePlay(seed, parts, books, loop)
        with history.director.recounting(f"seed {seed} of the house"):
            return await history.run()

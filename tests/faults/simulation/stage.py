"""The stage: an event loop whose time stands still, and a director who lets one actor at a time take one step, by a seed.

Every actor (a member of a group, a poster, a poller) is a task that is held at each of its steps. Only when all of them are held,
or wait for a lock or for time to pass, does the director choose who goes on. So a seed is a schedule, and can be played again.
Where chance meets something too rarely, a scene says who goes on, and until when.
"""

from __future__ import annotations

import asyncio
import random
import selectors
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from typing import Any, Final

NEVER: Final = 1e9
"""Seconds until consumers look for what stands unsaid: rules are tried without what would mend, late, that one is broken."""

IDLE: Final = "idle"
"""The step at which who looks only now and then is held before it looks."""

FAR: Final = 60.0
"""Seconds: time does not pass to what is later than this; those are limits that no history reaches."""
GLANCE: Final = 0.003
"""Real seconds to wait for a server's answer before asking whether a lock holds it up: more than most take on a busy machine."""


class Crash(BaseException):
    """The process dies here: nothing that is written for outages or bugs may catch it."""


class Violation(AssertionError):
    """A history in which the protocol broke."""


class Order(StrEnum):
    """What a held actor is told."""

    GO = "go"
    CRASH = "crash"
    FAIL = "fail"
    LOSE = "lose the answer"


@dataclass(eq=False)
class Actor:
    """A task that is held at its steps: *at* which; *asleep* until which step of the history; *doomed* to die at which step."""

    name: str
    director: Director
    task: asyncio.Task[None] | None = None
    at: str = ""
    released: asyncio.Future[Order] | None = None
    asleep: int = 0
    frozen: bool = False
    doomed: str = ""
    connection: Any = None

    @property
    def process(self) -> str:
        """Name the process: what one does beside its main work is an actor of its own, and dies with it."""
        return self.name.partition(" ")[0]

    @property
    def is_held(self) -> bool:
        """Say whether it waits for the director."""
        return self.released is not None and not self.released.done()


CURRENT: Final[ContextVar[Actor | None]] = ContextVar("actor", default=None)


class _Glancing(selectors.DefaultSelector):
    """A selector that tells when nothing is left to do, and then lets the director think instead of waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.quiet: Callable[[], bool] = bool
        self.answers: Callable[[], bool] = bool
        self.passed: Callable[[float], None] = lambda _: None

    def select(self, timeout: float | None = None) -> list[Any]:
        """Return what is ready; without a director, real time passes for the loop as it does elsewhere."""
        found = super().select(0)
        if found or (timeout is not None and timeout <= 0):
            return found
        if self.answers() and (found := super().select(GLANCE)):
            return found
        if self.quiet():
            return []
        found = super().select(timeout)
        if not found and timeout is not None:
            self.passed(timeout)
        return found


class StageLoop(asyncio.SelectorEventLoop):
    """An event loop whose time passes only when a director says so, or when there is none."""

    def __init__(self) -> None:
        self.glancing = _Glancing()
        self._now = 0.0
        super().__init__(self.glancing)
        self.glancing.passed = self._pass
        self._quiet: asyncio.Future[None] | None = None
        self.glancing.quiet = self._tell_quiet

    def time(self) -> float:
        """Return the stage's time in seconds."""
        return self._now

    async def until_quiet(self) -> None:
        """Return once no task can go on by itself."""
        self._quiet = self.create_future()
        await self._quiet

    def pass_time(self) -> bool:
        """Let time pass to the next timer; say no where there is none that is near."""
        timers: list[Any] = self._scheduled  # type: ignore[attr-defined]
        due = [timer.when() for timer in timers if not timer.cancelled() and timer.when() <= self._now + FAR]
        if not due:
            return False
        self._now = max(self._now, min(due))
        return True

    def _pass(self, seconds: float) -> None:
        self._now += seconds

    def _tell_quiet(self) -> bool:
        if self._quiet is None or self._quiet.done():
            return False
        self._quiet.set_result(None)
        return True


@dataclass
class Director:
    """Holds actors at their steps and chooses by *random* who goes on; *trail* is the schedule so far.

    *in_flight* are the server's processes that were asked something, *blocked* those of them that wait for a lock.
    """

    loop: StageLoop
    random: random.Random
    actors: dict[str, Actor] = field(default_factory=dict)
    trail: list[str] = field(default_factory=list)
    constancy: float = 0.0
    step: int = 0
    in_flight: set[int] = field(default_factory=set)
    blocked: set[int] = field(default_factory=set)
    killed: Callable[[str], None] = lambda _: None
    """Hears of each process that dies: what it does that is not held has to be ended, too."""
    quiet: Callable[[], Awaitable[None]] = field(init=False)
    """Returns once everybody is held, or waits for a lock or for time."""
    _last: Actor | None = None

    def __post_init__(self) -> None:
        """Take for quiet what is so for the loop, unless somebody knows better."""
        self.quiet = self.loop.until_quiet

    def start(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> Actor:
        """Let an actor called *name* do *work*."""
        actor = self.actors[name] = Actor(name, self)

        async def act() -> None:
            CURRENT.set(actor)
            await self.hold("entrance")
            await work()

        actor.task = self.loop.create_task(act(), name=name)
        return actor

    async def hold(self, at: str) -> Order:
        """Wait to be let go on from the step *at*; raise Crash where the process dies there."""
        actor = CURRENT.get()
        if actor is None:
            return Order.GO
        actor = self._at_work(actor)
        actor.at, actor.released = at, self.loop.create_future()
        try:
            order = await actor.released
        finally:
            actor.released = None
        if order is Order.CRASH:
            raise Crash
        return order

    def _at_work(self, actor: Actor) -> Actor:
        """Return *actor*, or who does what its process does in another task than its own."""
        task = asyncio.current_task()
        if actor.task is task:
            return actor
        name = self._name_aside(actor.process)
        aside = self.actors[name] = Actor(name, self, task, asleep=actor.asleep, frozen=actor.frozen)
        CURRENT.set(aside)
        return aside

    def _name_aside(self, process: str) -> str:
        """Name who does something beside others of *process*: by a name of somebody whose task is over, if there is one."""
        for number in count(1):
            name = f"{process} aside" if number == 1 else f"{process} aside {number}"
            there = self.actors.get(name)
            if there is None or there.task is None or there.task.done():
                return name
        raise AssertionError(process)

    async def observe(self, step: StrEnum) -> None:
        """Hold the actor at a step of the loop or of a handler."""
        await self.hold(step.value)

    def ready(self) -> list[Actor]:
        """Return who may be let go on, in the order of their names."""
        held = [actor for actor in self.actors.values() if actor.is_held and not actor.frozen]
        awake = [actor for actor in held if actor.asleep <= self.step]
        return sorted(awake, key=lambda actor: actor.name)

    def choose(self, among: list[Actor]) -> Actor:
        """Choose who goes on: now and then for long the same one, as real processes do."""
        if self._last in among and self.random.random() < self.constancy:
            return self._last
        return self.random.choice(among)

    def release(self, actor: Actor, order: Order = Order.GO) -> None:
        """Let *actor* take its next step."""
        if actor.released is None or actor.released.done():
            raise AssertionError(f"{actor.name} is not held")
        if actor.at == actor.doomed:
            order, actor.doomed = Order.CRASH, ""
        self.step += 1
        self.trail.append(f"{actor.name} {actor.at}" + ("" if order is Order.GO else f" !{order.value}"))
        self._last = actor
        actor.released.set_result(order)
        if order is Order.CRASH:
            self._die_too(actor)

    async def let_in(self) -> None:
        """Let everybody enter, one after the other."""
        for name in sorted(self.actors):
            await self.quiet()
            self.release(self.actors[name])
        await self.quiet()

    async def let(self, *names: str, until: str = "") -> None:
        """Let actors, or processes, go on in turn, each by a step or more: until *until* is next, or it looks again, or waits."""
        for name in names:
            arrived = False
            while not arrived and (going := self._ready_of(name)):
                self.release(going[0])
                await self.quiet()
                arrived = any(each.at in {until, IDLE} for each in self._ready_of(name))

    def kill(self, process: str) -> None:
        """Let *process* die where it is held."""
        self.release(self._ready_of(process)[0], Order.CRASH)

    def _ready_of(self, name: str) -> list[Actor]:
        return [actor for actor in self.ready() if name in {actor.name, actor.process}]

    def _die_too(self, crashed: Actor) -> None:
        """Let the rest of a process die with who *crashed*."""
        for actor in self.actors.values():
            if actor is not crashed and actor.process == crashed.process and actor.is_held:
                actor.released.set_result(Order.CRASH)  # type: ignore[union-attr]  # it is held
        self.killed(crashed.process)

    def note(self, event: str) -> None:
        """Write an event that is nobody's step into the schedule."""
        self.trail.append(f"* {event}")

    def wake(self) -> bool:
        """Wake everybody who is slow; say whether anybody was."""
        slow = [actor for actor in self.actors.values() if actor.asleep > self.step]
        for actor in slow:
            actor.asleep = 0
        return bool(slow)

    @contextmanager
    def recounting(self, name: str) -> Iterator[None]:
        """Let a Violation say which history it befell, by its *name*, and hold the schedule."""
        try:
            yield
        except Violation as violation:
            schedule = "\n".join(f"{number:5} {line}" for number, line in enumerate(self.trail))
            raise Violation(f"{name}: {violation}\n{schedule}") from violation

    async def dismiss(self) -> None:
        """End every actor, as crashes do."""
        for actor in self.actors.values():
            if actor.task is not None:
                actor.task.cancel()
        await asyncio.gather(*(actor.task for actor in self.actors.values() if actor.task), return_exceptions=True)


def play(work: Callable[[StageLoop], Coroutine[Any, Any, Any]]) -> Any:
    """Run *work* on a stage of its own."""
    loop = StageLoop()
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(work(loop))
    finally:
        asyncio.set_event_loop(None)
        loop.close()

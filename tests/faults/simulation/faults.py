"""What befalls the actors: by a seed, at most so many misfortunes, and then a calm in which everything must come right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from shared.contracts.topics import Topic
from shared.stream import Consumer, MemoryLog, Step
from tests.faults.simulation.stage import Actor, Director, Order

DELICATE: Final = frozenset(
    {Step.FETCHED, Step.OUTBOX_DRAINED, Step.DECIDED, Step.ADVANCED, "commit", Step.COMMITTED, Step.PUBLISHING, Step.PUBLISHED}
    | {"wait", "append", "settle"}
)
"""Steps at which a process has done something that others do not know of yet: misfortune prefers them."""


@dataclass
class Troop:
    """The members of one group on one log, and who of them was given up by the group without having noticed."""

    group: str
    log: MemoryLog
    topics: tuple[Topic, ...]
    consumers: dict[str, Consumer[Any]] = field(default_factory=dict)
    given_up: dict[str, tuple[int, frozenset[str]]] = field(default_factory=dict)

    def give_up(self, name: str) -> None:
        """Let the partitions of *name* go to the others; it does not know yet."""
        inbox = getattr(self.consumers.get(name), "_inbox", None)
        members = self.log.members.get(self.group, {})
        if inbox is not None and inbox._member in members:
            self.given_up[name] = (inbox._member, members.pop(inbox._member))

    def take_back(self, name: str) -> None:
        """Let *name* join again, if it lives still."""
        number, topics = self.given_up.pop(name)
        inbox = getattr(self.consumers.get(name), "_inbox", None)
        if inbox is not None and inbox._member == number:
            self.log.members[self.group][number] = topics


class Misfortune:
    """Draws misfortunes from a seed: each has a name, a weight and something that it does."""

    def __init__(self, director: Director, kinds: Mapping[str, tuple[int, Callable[[], None]]]) -> None:
        self._director = director
        self._kinds = kinds
        self.left = director.random.choice((0, 2, 4, 8, 16))
        self._often = director.random.choice((0.02, 0.05, 0.1))

    def perhaps(self) -> None:
        """Let something happen, or not."""
        if self.left and self._director.random.random() < self._often:
            self.left -= 1
            names = list(self._kinds)
            (name,) = self._director.random.choices(names, [self._kinds[each][0] for each in names])
            self._director.note(name)
            self._kinds[name][1]()


def fated(chance: Random, actors: list[Actor]) -> Actor:
    """Choose to whom something happens, those at delicate steps rather than others."""
    return chance.choices(actors, [4 if actor.at in DELICATE else 1 for actor in actors])[0]


def crash(director: Director, actor: Actor) -> None:
    """Let *actor* die where it is held."""
    director.release(actor, Order.CRASH)


def slow_down(director: Director, actor: Actor) -> None:
    """Hold *actor* where it is for long: a garbage collection, a swapped-out process, a machine that is moved."""
    actor.asleep = director.step + director.random.choice((10, 30, 100, 300))
    director.note(f"{actor.name} is slow at {actor.at}")

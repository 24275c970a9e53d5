"""Many histories, in two processes: each with a database of its own for those of the house."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from time import perf_counter
from typing import Final, Self

import structlog

from tests.faults.simulation.house_play import play_house
from tests.faults.simulation.house_scenes import play_house_scene
from tests.faults.simulation.loop_play import LoopParts, Played, play_loop
from tests.faults.simulation.parts import HouseParts, open_books
from tests.faults.simulation.stage import StageLoop, Violation
from tests.faults.simulation.telling_parts import TellingParts
from tests.faults.simulation.telling_play import play_telling
from tests.support.forks import FORKS

SEED: Final = "SYMPOSIA_SIMULATION_SEED"
PROCESSES: Final = 2


@dataclass(frozen=True)
class Count:
    """How many histories were played, how many steps they took, in how many seconds; and the first violations."""

    histories: int
    steps: int
    seconds: float
    violations: tuple[str, ...] = ()

    def __add__(self, other: Count) -> Count:
        seconds = max(self.seconds, other.seconds)
        return Count(self.histories + other.histories, self.steps + other.steps, seconds, self.violations + other.violations)


def first_seed() -> int:
    """Return the seed of the first history: SYMPOSIA_SIMULATION_SEED, or 1."""
    return int(os.environ.get(SEED, "1"))


def play_loops(seeds: Sequence[int], parts: LoopParts | None = None) -> Count:
    """Play histories of the loop alone up to the first violation."""
    return _play_each(seeds, lambda seed: play_loop(seed, parts))


def play_tellings(seeds: Sequence[int], parts: TellingParts | None = None) -> Count:
    """Play histories of the telling up to the first violation."""
    return _play_each(seeds, lambda seed: play_telling(seed, parts))


def _play_each(seeds: Sequence[int], play_one: Callable[[int], Played]) -> Count:
    begun, steps = perf_counter(), 0
    with quiet():
        for number, seed in enumerate(seeds, start=1):
            try:
                steps += play_one(seed).steps
            except Violation as violation:
                return Count(number, steps, perf_counter() - begun, (str(violation),))
    return Count(len(seeds), steps, perf_counter() - begun)


class Playhouse:
    """A stage for histories of the house, one after the other on the books of the fresh database *url*, opened once."""

    def __init__(self, url: str, parts: HouseParts | None = None) -> None:
        self._runner = asyncio.Runner(loop_factory=StageLoop)
        self._opening = open_books(url, parts)

    def __enter__(self) -> Self:
        """Open the books."""
        self._loop: StageLoop = self._runner.get_loop()  # type: ignore[assignment]
        self._books = self._runner.run(self._opening.__aenter__())
        return self

    def __exit__(self, *error: object) -> None:
        """Close the books."""
        with self._runner:
            self._runner.run(self._opening.__aexit__(None, None, None))

    def play_seeds(self, seeds: Sequence[int], parts: HouseParts | None = None) -> Count:
        """Play histories up to the first violation."""
        return _play_each(seeds, lambda seed: self._runner.run(play_house(seed, self._books, self._loop, parts)))

    def play_scene(self, rule: str, parts: HouseParts | None = None) -> Played:
        """Play the scene of *rule*. Raises Violation."""
        return self._runner.run(play_house_scene(rule, self._books, self._loop, parts))


def play_houses(url: str, seeds: Sequence[int], parts: HouseParts | None = None) -> Count:
    """Play histories of the house on the fresh database *url* up to the first violation."""
    with Playhouse(url, parts) as playhouse:
        return playhouse.play_seeds(seeds, parts)


def play_all(urls: Sequence[str], loops: Sequence[int], houses: Sequence[int]) -> tuple[Count, Count]:
    """Play histories of the loop and of the house in as many processes as there are *urls* of fresh databases."""
    share = len(urls)
    with ProcessPoolExecutor(PROCESSES, FORKS) as processes:
        of_house = [processes.submit(play_houses, url, houses[place::share]) for place, url in enumerate(urls)]
        of_loop = [processes.submit(play_loops, loops[place::share]) for place in range(share)]
        counted = [future.result() for future in chain(of_loop, of_house)]
    nothing = Count(0, 0, 0.0)
    return sum(counted[:share], nothing), sum(counted[share:], nothing)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the house's own log to itself: outages are what a history is made of."""
    kept = structlog.get_config()
    structlog.configure(processors=[_drop], cache_logger_on_first_use=False)
    try:
        yield
    finally:
        structlog.configure(**kept)


def _drop(*_: object) -> str:
    raise structlog.DropEvent

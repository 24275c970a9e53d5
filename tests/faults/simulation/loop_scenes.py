"""Scenes of the loop alone, for rules that chance needs too rarely: two records of partition 0, and who goes on until when.

It is read by member-0, and by member-1 once member-0 was given up. After a scene all go on as chance will have it, but nothing
befalls them any more, and everything must come right.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Final

from shared.stream import Outgoing, Step
from shared.stream.partitioning import Partitioner
from tests.faults.simulation.faults import Troop
from tests.faults.simulation.loop_play import HEARD, MEMBERS, LoopParts, LoopPlay, Played
from tests.faults.simulation.stage import Director, StageLoop, play


@dataclass(frozen=True)
class Scene:
    """Who goes on until when, as *directed*; and how many records make a *batch*."""

    directed: Callable[[Director, Troop], Awaitable[None]]
    batch: int


async def applied_meanwhile(director: Director, troop: Troop) -> None:
    """Let one who was given up apply the first record, and die, when who took over is about to read it, and the second."""
    await director.let("sender", until="append")
    await director.let("member-0", until=Step.BEGUN)
    troop.give_up("member-0")
    await director.let("sender")
    await director.let("member-1", until=Step.SOUGHT)
    await director.let("member-0", until=Step.COMMITTED)
    director.kill("member-0")


async def forgotten_beside(director: Director, _: Troop) -> None:
    """Let what the first record said be forgotten when the second is applied, and nobody live to say it."""
    await director.let("sender", until="append")
    await director.let("member-0", until=Step.PUBLISHED)
    await director.let("sender")
    await director.let("member-0", until=Step.COMMITTED)
    await director.let("member-0 aside")
    director.kill("member-0")


LOOP_SCENES: Final[Mapping[str, Scene]] = {
    "2: a dropped batch drains": Scene(applied_meanwhile, batch=1),
    "2: a batch dropped in part drains": Scene(applied_meanwhile, batch=2),
    "8: delete by row id": Scene(forgotten_beside, batch=1),
}
"""The scene in which each of these rules is needed."""


class LoopScene(LoopPlay):
    """A history of the loop that begins with a scene."""

    def __init__(self, scene: Scene, parts: LoopParts, loop: StageLoop) -> None:
        super().__init__(0, parts, loop)
        values, partitioner = map(b"%d".__mod__, count()), Partitioner()
        of_one = (value for value in values if partitioner.choose(Outgoing(HEARD, value, value), HEARD.partitions) == 0)
        self._values = [next(of_one), next(of_one)]
        self._batch = scene.batch
        self._is_hampered = self._is_forgetful = False
        self._misfortune.left = 0
        self._scene = scene

    async def _enter(self) -> None:
        """Let everybody enter, and the members wait for what is sent; then play the scene."""
        await self.director.let_in()
        await self.director.let(*MEMBERS)
        await self._scene.directed(self.director, self._troop)


def play_loop_scene(rule: str, parts: LoopParts | None = None) -> Played:
    """Play the scene of *rule*, and what comes after it. Raises Violation, which names the rule and holds the schedule."""
    parts = parts or LoopParts()

    async def work(loop: StageLoop) -> Played:
        history = LoopScene(LOOP_SCENES[rule], parts, loop)
        with history.director.recounting(f"the scene of {rule!r}"):
            return await history.run()

    with parts.patch():
        played: Played = play(work)
    return played

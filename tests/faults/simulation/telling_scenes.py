"""Scenes of the telling, for rules that chance needs too rarely: what is heard, delivery by delivery, and who goes on until when.

It is told by telling-0, who has the partition of its source. After a scene all go on as chance will have it, but nothing befalls
them any more, and everything must come right.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from tests.faults.simulation.loop_play import Played
from tests.faults.simulation.stage import Director, StageLoop, play
from tests.faults.simulation.telling_judge import PERSON
from tests.faults.simulation.telling_parts import EndingLedger, Kind, TellingParts
from tests.faults.simulation.telling_play import MEMBERS, TellingPlay
from tests.support.ingest import Sent
from tests.support.slack import slack, slack_message, slack_reaction

AT: Final = "1772452800.000100"
QUESTION: Final = slack(slack_message(PERSON, AT, "How do I restart the broker?"))
MARK: Final = slack(slack_reaction("UTHIRD", AT, "white_check_mark", "1772452920.000100"))


@dataclass(frozen=True)
class Scene:
    """Who goes on until when, as *directed*, in a history of one *kind*; and what was *said* that is heard in it."""

    directed: Callable[[Director, EndingLedger], Awaitable[None]]
    kind: Kind
    said: tuple[Sent, ...]


async def dies_before_telling(director: Director, _: EndingLedger) -> None:
    """Let who tells the second delivery, and with it what waited for that, die before it is in the log."""
    await director.let("door", until="hear")
    await director.let("telling-0")
    await director.let("door")
    await director.let("telling-0", until="append")
    director.kill("telling-0")


async def erased_meanwhile(director: Director, ledger: EndingLedger) -> None:
    """Let somebody be erased who is about to be remembered by one whose session is ended, and who does not know it."""
    await director.let("door")
    await director.let("telling-0", until="learn")
    await ledger.end("telling-0")
    await director.let("eraser")


TELLING_SCENES: Final[Mapping[str, Scene]] = {
    "what waits is forgotten once it is in the log": Scene(dies_before_telling, Kind.PATIENT, (MARK, QUESTION)),
    "an erasure is put off by whoever remembers somebody": Scene(erased_meanwhile, Kind.ERASING, (QUESTION,)),
}
"""The scene in which each of these rules is needed."""


class TellingScene(TellingPlay):
    """A history of the telling that begins with a scene."""

    def __init__(self, scene: Scene, parts: TellingParts, loop: StageLoop) -> None:
        super().__init__(0, parts, loop, scene.said)
        self._batch = 1
        self._misfortune.left = 0
        self._scene = scene

    async def _enter(self) -> None:
        """Let everybody enter, and the members wait for what is heard; then play the scene."""
        await self.director.let_in()
        await self.director.let(*MEMBERS)
        await self._scene.directed(self.director, self._ledger)


def play_telling_scene(rule: str, parts: TellingParts | None = None) -> Played:
    """Play the scene of *rule*, and what comes after it. Raises Violation, which names the rule and holds the schedule."""
    scene = TELLING_SCENES[rule]
    parts = parts or TellingParts(kind=scene.kind)

    async def work(loop: StageLoop) -> Played:
        history = TellingScene(scene, parts, loop)
        with history.director.recounting(f"the scene of {rule!r}"):
            return await history.run()

    played: Played = play(work)
    return played

"""Scenes of the house, for rules that chance needs too rarely: what is told, and who goes on until when.

What partition 0 tells is decided by enrichment-0, what partition 1 tells by enrichment-1. After a scene all go on as chance will
have it, but nothing befalls them any more, and everything must come right.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Final, TypeAlias
from uuid import uuid5

from shared.contracts import RECORDED
from shared.stream import Outgoing, Step
from shared.stream.partitioning import Partitioner
from shared.xapi.vocabulary import Verb
from tests.faults.simulation.house import TWO
from tests.faults.simulation.house_play import HousePlay
from tests.faults.simulation.loop_play import Played
from tests.faults.simulation.parts import Books, Cast, HouseParts
from tests.faults.simulation.plot import SPACE, STRANGER, TIP, Plot, Said, iri
from tests.faults.simulation.stage import Director, StageLoop

Told: TypeAlias = tuple[tuple[Said, ...], tuple[str, ...]]


@dataclass(frozen=True)
class Scene:
    """Who goes on until when, as *directed*; and what the hook tells in it, request by request, each with what was deleted."""

    directed: Callable[[Director], Awaitable[None]]
    told: tuple[Told, ...]


def in_partition(number: int, said: Said) -> Said:
    """Return *said* with an id by which it is recorded in the partition *number*."""
    ids = (str(uuid5(SPACE, f"{said.id} {attempt}")) for attempt in count())
    return replace(
        said, id=next(each for each in ids if Partitioner().choose(Outgoing(RECORDED, b"", each.encode()), TWO) == number)
    )


ASK: Final = in_partition(0, Said("ask", 0, Verb.ASKED, iri("ask"), link=True))
LIKE: Final = in_partition(1, Said("like", 1, Verb.LIKED, iri("ask"), minute=1))
ANSWER: Final = in_partition(1, Said("answer", 1, Verb.ANSWERED, iri("answer"), iri("ask"), minute=1))
ACCEPT: Final = in_partition(1, Said("accept", 0, Verb.ACCEPTED, iri("answer"), minute=2))
TEXT: Final = in_partition(0, Said("text", 0, Verb.POSTED, iri("text"), text=TIP))
COPY: Final = in_partition(1, Said("copy", 1, Verb.POSTED, iri("copy"), minute=1, text=TIP))
POST: Final = in_partition(0, Said("post", STRANGER, Verb.POSTED, iri("post")))
SHARE: Final = in_partition(1, Said("share", STRANGER, Verb.SHARED, iri("talk"), minute=1))


async def told(director: Director) -> None:
    """Let the hook tell what is next, and the recorder record it: enrichment has fetched it then, and decides nothing yet."""
    await director.let("hook", until="tell")
    await director.let("recorder-0", "recorder-1")


async def told_again(director: Director) -> None:
    """Let be told and recorded, one after the other, what is said, what is deleted, and the same again."""
    for _ in range(3):
        await told(director)


async def decided(director: Director) -> None:
    """Let what is told next be decided."""
    await told(director)
    await director.let("enrichment-0", "enrichment-1")


async def recorded_at_once(director: Director) -> None:
    """Let what is told first be recorded and not committed when what is told then is recorded."""
    await director.let("hook")
    await director.let("recorder-0", until="commit")
    await director.let("recorder-1")


async def one_after_the_other(director: Director) -> None:
    """Let what is told then be decided after what is told first."""
    await decided(director)
    await decided(director)


async def at_once(director: Director) -> None:
    """Let partition 1 be decided while partition 0 is decided and not committed."""
    await told(director)
    await director.let("enrichment-0", until="commit")
    await director.let("enrichment-1")


async def below_at_once(director: Director) -> None:
    """Let partition 0 change what was told before, while partition 1, which builds on that, is decided and not committed."""
    await decided(director)
    await told(director)
    await director.let("enrichment-1", until="commit")
    await director.let("enrichment-0")


async def merged_meanwhile(director: Director) -> None:
    """Let an import say whose the stranger's account is, and that be relinked, while partition 1 has read whose it was."""
    await decided(director)
    await told(director)
    await director.let("enrichment-1", until="enrolments")
    await director.let("importer", "relinker")


async def between_beginning_and_reading(director: Director) -> None:
    """Let partition 1 be decided while the transaction of partition 0 has begun, and has locked and read nothing."""
    await told(director)
    await director.let("enrichment-0", until="lock_artefacts")
    await director.let("enrichment-1")


async def published_last(director: Director) -> None:
    """Let partition 1 be decided first, and published only when scoring has heard what partition 0 says of the same."""
    await told(director)
    await director.let("enrichment-1", until=Step.COMMITTED)
    await director.let("enrichment-0", "scoring-0", "scoring-1")


LIKED_AT_ONCE: Final = Scene(at_once, (((ASK, LIKE), ()),))
MERGED_MEANWHILE: Final = Scene(merged_meanwhile, (((POST,), ()), ((SHARE,), ())))

RECORDED_AT_ONCE: Final = Scene(recorded_at_once, (((ASK,), ()), ((LIKE,), ())))

HOUSE_SCENES: Final[Mapping[str, Scene]] = {
    "3: lock artefacts": LIKED_AT_ONCE,
    "3: lock artefacts before reading": LIKED_AT_ONCE,
    "3: lock artefacts of what is linked anew": Scene(below_at_once, (((ASK, ANSWER), ()), ((ACCEPT,), (ASK.about,)))),
    "3: hold identities": MERGED_MEANWHILE,
    "3: hold identities before reading": MERGED_MEANWHILE,
    "3: lock the bands of texts": Scene(at_once, (((TEXT, COPY), ()),)),
    "3: copies are looked at when their originals come": Scene(one_after_the_other, (((COPY,), ()), ((TEXT,), ()))),
    "3: a key and a drainer for what is said outside the loop": Scene(decided, (((POST,), ()),)),
    "4: a revision is taken after locking": Scene(between_beginning_and_reading, (((ASK, LIKE), ()),)),
    "5: the recorder's lock": RECORDED_AT_ONCE,
    "5: the recorder's lock is a statement of its own": RECORDED_AT_ONCE,
    "5: the recorder's lock lasts until the commit": RECORDED_AT_ONCE,
    "6: the digest is kept through redaction": Scene(told_again, (((ASK,), ()), ((), (ASK.about,)), ((ASK,), ()))),
    "8: the newest revision wins": Scene(published_last, (((ASK, LIKE), ()),)),
}
"""The scene in which each of these rules is needed."""


class HouseScene(HousePlay):
    """A history of the house that begins with a scene."""

    def __init__(self, scene: Scene, parts: HouseParts, books: Books, loop: StageLoop) -> None:
        super().__init__(0, parts, books, loop)
        self._scene = scene
        self._plot = Plot(hook=[*scene.told], variants={said.id: [said] for request, _ in scene.told for said in request})
        self._misfortune.left = 0

    async def _enter(self) -> None:
        """Let everybody enter, and every member of a group wait for what is told; then play the scene."""
        await self.director.let_in()
        await self.director.let(*(name for troop in self._house.troops.values() for name in troop.consumers))
        await self._scene.directed(self.director)


async def play_house_scene(rule: str, books: Books, loop: StageLoop, parts: HouseParts | None = None) -> Played:
    """Play the scene of *rule*, and what comes after it. Raises Violation, which names the rule and holds the schedule."""
    parts = parts or HouseParts(cast=Cast.WHOLE)
    with parts.patch():
        history = HouseScene(HOUSE_SCENES[rule], parts, books, loop)
        with history.director.recounting(f"the scene of {rule!r}"):
            return await history.run()

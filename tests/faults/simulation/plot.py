"""What is said in a history of the house: a small conversation with every kind of trouble, shuffled by the seed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID, uuid5

from shared.clock import rfc3339
from shared.xapi.vocabulary import ARTEFACT_VERBS, ActivityType, Verb

HOME: Final = "https://acme.chat.example"
COURSE: Final = "https://lms.example/course/python"
SPACE: Final = UUID("8f2f2f0c-5c83-5d55-9d0e-3a8f0d1f6a77")
MONDAY: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)
TIP: Final = "Profile before you optimise, the slow part is never where you think it is."
MENDED: Final = "Nobody needs a faster loop, so measure what people really wait for and begin there."
STRANGER: Final = 3
"""Who is nobody's account at first; an import says in the middle of the history whose it is."""


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody did *verb* to *about*, which answers *parent*; a *link* to the course stands in it; or it *voids* a statement."""

    id: str
    actor: int
    verb: str
    about: str
    parent: str | None = None
    link: bool = False
    minute: int = 0
    voids: str | None = None
    text: str = ""

    @property
    def makes(self) -> bool:
        """Say whether what it is about came to be by it."""
        return self.verb in ARTEFACT_VERBS

    @property
    def gives_text(self) -> bool:
        """Say whether what it is about has this text from then on."""
        return self.makes or self.verb == Verb.EDITED

    @property
    def happened(self) -> datetime:
        """Return when it happened."""
        return MONDAY + timedelta(minutes=self.minute)

    def body(self) -> dict[str, Any]:
        """Return the statement as a sender sends it."""
        context = {"contextActivities": {"parent": [{"id": self.parent}]}} if self.parent else {}
        written = f"{self.text} see {COURSE}/lesson/1" if self.link else self.text or "well"
        activity = {"objectType": "Activity", "id": self.about, "definition": {"type": ActivityType.CHAT_MESSAGE}}
        return {
            "id": self.id,
            "actor": {"objectType": "Agent", "account": {"homePage": HOME, "name": f"U{self.actor}"}},
            "verb": {"id": self.verb},
            "object": {"objectType": "StatementRef", "id": self.voids} if self.voids else activity,
            "result": {"response": written},
            **({"context": context} if context else {}),
            "timestamp": rfc3339(self.happened),
        }


@dataclass
class Plot:
    """Requests: what is *posted*, sender by sender, and what the platform's *hook* tells, each with what was deleted."""

    posted: list[list[tuple[Said, ...]]] = field(default_factory=list)
    hook: list[tuple[tuple[Said, ...], tuple[str, ...]]] = field(default_factory=list)
    variants: dict[str, list[Said]] = field(default_factory=dict)


def iri(message: str) -> str:
    """Name the activity that the message is."""
    return f"{HOME}/archives/C1/{message}"


def plot(seed: int, chance: Random) -> Plot:
    """Make up what is said: a thread or two, a conflict, a void, a redaction, repetitions."""
    told = [said for number in range(chance.choice((1, 1, 1, 2))) for said in _thread(seed, number, chance)]
    told = _copying(seed, told)
    requests: list[tuple[Said, ...]] = [(said,) for said in told]
    if chance.random() < 0.5:
        requests.append((requests.pop()[0], *requests.pop()))
    more: list[tuple[Said, ...]] = []
    if chance.random() < 0.5:
        changed = chance.choice(told)
        beside = Said(_id(seed, "beside"), 1, Verb.POSTED, iri("beside"), minute=50)
        more.append((replace(changed, text="changed"), *chance.choice([(), (beside,)])))
    if chance.random() < 0.6:
        void = Said(_id(seed, "void"), 0, Verb.VOIDED, "", minute=60, voids=chance.choice(told).id)
        more.append((void,))
    if chance.random() < 0.6:
        more.append(chance.choice(requests))
    return _deal([*requests, *more], chance, told)


def _deal(requests: list[tuple[Said, ...]], chance: Random, told: list[Said]) -> Plot:
    """Give each request to a sender; one id is told through one kind of door only, since doors make digests of their own."""
    chance.shuffle(requests)
    by_hook = {said.id for said in told if chance.random() < 0.3}
    found = Plot(posted=[[], []])
    for request in requests:
        for said in request:
            found.variants.setdefault(said.id, []).append(said)
        if any(said.id in by_hook for said in request):
            found.hook.append((request, ()))
        else:
            chance.choice(found.posted).append(request)
    if chance.random() < 0.5:
        gone = chance.choice([said for said in told if said.makes])
        found.hook.insert(chance.randint(0, len(found.hook)), ((), (gone.about,)))
    return found


def _thread(seed: int, number: int, chance: Random) -> list[Said]:
    """Return a question, an answer, and what others did with it."""
    first, second, third = iri(f"{number}.ask"), iri(f"{number}.answer"), iri(f"{number}.reply")
    asker, answerer, other = chance.sample(range(4), 3)
    acts = [
        Said(_id(seed, f"{number} ask"), asker, Verb.ASKED, first, link=True, minute=number * 10),
        Said(_id(seed, f"{number} answer"), answerer, Verb.ANSWERED, second, first, minute=number * 10 + 1),
        Said(_id(seed, f"{number} accept"), asker, Verb.ACCEPTED, second, minute=number * 10 + 2),
        Said(_id(seed, f"{number} reply"), other, Verb.REPLIED, third, second, minute=number * 10 + 3),
        Said(_id(seed, f"{number} like"), answerer, Verb.LIKED, third, minute=number * 10 + 4),
    ]
    return acts[: chance.choice((2, 3, 4, 5))]


def _copying(seed: int, told: list[Said]) -> list[Said]:
    """Let two people post one text, in most histories; who had it first, what is liked, who mends theirs follows from *seed*."""
    chance = Random(f"copies {seed}")  # noqa: S311  seeded, no secret
    if chance.random() < 0.3:
        return told
    answer = replace(told[1], text=TIP)
    copier, fan = chance.sample(range(4), 2)
    copy = Said(_id(seed, "copy"), copier, Verb.POSTED, iri("copy"), minute=chance.choice((0, 1, 2, 40)), text=TIP)
    more = [copy, Said(_id(seed, "fan"), fan, Verb.LIKED, chance.choice((copy, answer)).about, minute=41)]
    if chance.random() < 0.4:
        mended = chance.choice((copy, answer))
        text = chance.choice((TIP.upper(), MENDED))
        more.append(Said(_id(seed, "edit"), mended.actor, Verb.EDITED, mended.about, minute=42, text=text))
    return [told[0], answer, *told[2:], *more]


def _id(seed: int, name: str) -> str:
    return str(uuid5(SPACE, f"{seed} {name}"))


def as_sent(request: tuple[Said, ...]) -> bytes:
    """Write a request as the body of a POST."""
    return json.dumps([said.body() for said in request]).encode()


def as_passed_on(said: Said) -> Mapping[str, Any]:
    """Return a statement as ingest completes it."""
    authority = {"objectType": "Agent", "account": {"homePage": "https://symposia.example", "name": "chat"}}
    return {**said.body(), "authority": authority, "version": "1.0.3"}

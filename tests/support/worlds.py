"""A seeded world of people, courses and what is said among them, and what the documentation says is to be known of it.

What `Enriched` should say (whose artefact, which course, how surely, who is enrolled) is worked out without the services' code.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, Final
from uuid import uuid5

from services.enrichment.domain.people import imported_learner, provisional_learner
from shared.contracts import CourseLink, Enriched, Status
from shared.xapi import ifi
from shared.xapi.vocabulary import EMOJI_EXTENSION, TARGET_EXTENSION, ActivityType, Verb
from tests.support.conversation import HOME, NAMESPACE, account

ACCOUNTS: Final = tuple(f"account {number}" for number in range(6))
BEGIN: Final = datetime(2026, 3, 2, tzinfo=UTC)
ZONES: Final = (UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-12)))
EXTREMES: Final = (datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC), datetime(1969, 12, 28, 23, 59, tzinfo=UTC))
STARTS: Final = (None, date(1, 1, 1), date(2026, 3, 1), date(2026, 4, 6), date(9999, 12, 31))
URLS: Final = (
    "https://lms.example/0/lesson",
    "https://docs.example/1",
    "https://docs.example/1/a?b=c",
    "https://docs.example/12",
)
CONTEXTS: Final = ("urn:course:0", "urn:course:1", "https://lms.example/2", "urn:nobody's")
MAKING: Final = (Verb.ASKED, Verb.POSTED, Verb.CREATED)
BUILDING: Final = (Verb.REPLIED, Verb.ANSWERED, Verb.COMMENTED)
UNDONE: Final = {
    Verb.LIKED: Verb.UNLIKED,
    Verb.VOTED_UP: Verb.UNLIKED,
    Verb.REACTED: Verb.UNREACTED,
    Verb.BOOKMARKED: Verb.UNSAVED,
    Verb.SHARED: Verb.UNSHARED,
    Verb.ACCEPTED: Verb.REJECTED,
}
ACTING: Final = (*UNDONE, Verb.VIEWED, Verb.READ, Verb.VOTED_DOWN, Verb.EDITED, Verb.DOWNLOADED, Verb.RATED)


@dataclass(frozen=True, slots=True)
class Formal:
    """A course, and by what it is named."""

    iri: str
    alias: str
    url: str
    channel: str


COURSES: Final = tuple(
    Formal(f"https://lms.example/{at}", f"urn:course:{at}", f"https://docs.example/{at}", f"C{at}") for at in range(3)
)


@dataclass(frozen=True, slots=True)
class Said:
    """What *actor* did to *about*, at the time *at* as the clock of a zone showed it."""

    id: str
    actor: str
    verb: Verb
    about: str
    at: datetime
    parent: str | None = None
    thread: str | None = None
    target: str | None = None
    emoji: str | None = None
    channel: str | None = None
    url: str | None = None
    context: str | None = None

    @property
    def makes(self) -> bool:
        """Say whether the actor made what it is about."""
        return self.verb in {*MAKING, *BUILDING}

    def statement(self) -> dict[str, Any]:
        """Write it as a statement."""
        related = {
            "parent": [{"id": self.parent}] if self.parent else [],
            "grouping": [{"id": self.thread}] if self.thread else [],
        }
        if self.context:
            related["grouping"].append({"id": self.context, "definition": {"type": ActivityType.COURSE}})  # type: ignore[dict-item]
        context: dict[str, Any] = {"contextActivities": {name: found for name, found in related.items() if found}}
        if self.channel:
            context["team"] = {"objectType": "Group", "account": {"homePage": HOME, "name": self.channel}}
        if self.target:
            context["extensions"] = {TARGET_EXTENSION: account(self.target)}
        return {
            "id": self.id,
            "actor": account(self.actor),
            "verb": {"id": self.verb},
            "object": {"id": self.about},
            "context": context,
            "timestamp": self.at.isoformat(),
            "result": {"response": f"see {self.url}." if self.url else "-", "extensions": {EMOJI_EXTENSION: self.emoji}},
        }


@dataclass(frozen=True, slots=True)
class World:
    """All that is true in the end, in whatever order it arrived."""

    said: tuple[Said, ...]
    voided: frozenset[str]
    redacted: frozenset[str]
    owners: Mapping[str, str]
    """Accounts of people whom HR knows, and by which id."""
    enrolled: Mapping[tuple[str, str], date | None]
    """Since when a learner is, or was, in a course."""

    def learner(self, name: str) -> str:
        """Name who has an account."""
        known = self.owners.get(name)
        return str(imported_learner(known) if known else provisional_learner(ifi.of_account(HOME, name)))

    def messages(self) -> list[Enriched]:
        """Return what is to be known of each statement that counts at all."""
        return [self._message(each) for each in self._not_void() if each.id not in self.redacted and not self._is_undone(each)]

    def _not_void(self) -> list[Said]:
        """Return what is not void, the earliest first; of what is redacted only who did what to what is left."""
        left = (each for each in self.said if each.id not in self.voided)
        bare = (replace(each, url=None, target=None, emoji=None) if each.id in self.redacted else each for each in left)
        return sorted(bare, key=lambda each: (each.at, each.id))

    def _is_undone(self, act: Said) -> bool:
        same = ((act.actor, act.about, act.emoji, UNDONE.get(act.verb)),)
        return any(each.at >= act.at and (each.actor, each.about, each.emoji, each.verb) in same for each in self._not_void())

    def _maker(self, artefact: str | None) -> Said | None:
        return next((each for each in self._not_void() if each.makes and each.about == artefact), None)

    def _message(self, act: Said) -> Enriched:
        maker = self._maker(act.parent if act.makes else act.about)
        wrote = maker.actor if maker else act.target
        learner, author = self.learner(act.actor), self.learner(wrote) if wrote else None
        day = act.at.astimezone(UTC).date()
        begun = {who_where for who_where, since in self.enrolled.items() if since is None or since <= day}
        links = tuple(
            CourseLink(course, "", sure, "", (learner, course) in begun, (author, course) in begun)
            for course, sure in self._links(act, frozenset()).items()
        )
        return Enriched(
            revision=1, id=act.id, seq=1, timestamp=act.at.isoformat(), stored="", received_at="", verb=act.verb,
            status=Status.LIVE, learner=learner, author=author, actor_grounded=any(who == learner for who, _ in begun),
            object=act.about, parent=act.parent, links=links,
        )  # fmt: skip

    def _links(self, act: Said, seen: frozenset[str]) -> dict[str, float]:
        """Return how surely it is about which courses: by itself, or 99 % of the nearest thing that it builds on."""
        own, by_channel = dict(_named(act)), {one.iri: 0.95 for one in COURSES if one.channel == act.channel}
        if own:
            return by_channel | own
        for anchor in (act.parent if act.makes else act.about, act.parent, act.thread):
            maker = self._maker(anchor) if anchor and not (act.makes and anchor == act.about) else None
            if maker and maker.id not in {act.id, *seen} and (found := self._links(maker, seen | {act.id})):
                inherited = {course: round(sure * 1e6) * 99 // 100 / 1e6 for course, sure in found.items()}
                return {course: max(by_channel.get(course, 0), inherited.get(course, 0)) for course in {*by_channel, *inherited}}
        return by_channel


def _named(act: Said) -> Iterator[tuple[str, float]]:
    """Yield the courses that a statement names, the surest name of each last."""
    for one in COURSES:
        if act.url and any(f"{act.url.partition('?')[0]}/".startswith(f"{url}/") for url in (one.iri, one.url)):
            yield one.iri, 0.98
    if act.context:
        yield next((one.iri for one in COURSES if act.context in {one.iri, one.alias}), act.context), 1.0


def world(seed: int, size: int = 50) -> World:
    """Return the world of *seed*, in which *size* things are said."""
    chance = random.Random(seed)  # noqa: S311  seeded, no secret
    said: list[Said] = []
    for number in range(size):
        said.append(_say(chance, str(uuid5(NAMESPACE, f"{seed} {number}")), said))
    gone = [each.id for each in said if chance.random() < 0.12]
    owners = {name: f"HR-{chance.randrange(3)}" for name in ACCOUNTS if chance.random() < 0.7}
    people = sorted({str(imported_learner(known)) for known in owners.values()})
    enrolled = {(who, one.iri): chance.choice(STARTS) for who in people for one in COURSES if chance.random() < 0.6}
    return World(tuple(said), frozenset(gone[::2]), frozenset(gone[1::2]), owners, enrolled)


def _say(chance: random.Random, name: str, said: list[Said]) -> Said:
    about = f"{HOME}/{name}"
    act = Said(
        name, chance.choice(ACCOUNTS), chance.choice(MAKING), about, _moment(chance),
        thread=chance.choice(said).about if said and chance.random() < 0.1 else None,
        channel=chance.choice(("C0", "C1", "C9")) if chance.random() < 0.3 else None,
        url=chance.choice(URLS) if chance.random() < 0.25 else None,
        context=chance.choice(CONTEXTS) if chance.random() < 0.15 else None,
    )  # fmt: skip
    made, undoable = [each.about for each in said if each.makes], [each for each in said if each.verb in UNDONE]
    match chance.random():
        case luck if not made or luck < 0.2:
            return act
        case luck if luck < 0.45:
            return replace(act, verb=chance.choice(BUILDING), parent=chance.choice(made))
        case luck if luck < 0.6 and undoable:
            done = chance.choice(undoable)
            at = chance.choice((done.at, act.at))
            return replace(act, actor=done.actor, verb=UNDONE[done.verb], about=done.about, at=at, emoji=done.emoji)
        case _:
            target, emoji = chance.choice((None, *ACCOUNTS)), chance.choice((None, "+1"))
            return replace(act, verb=chance.choice(ACTING), about=chance.choice(made), target=target, emoji=emoji)


def _moment(chance: random.Random) -> datetime:
    """Return a moment, on the border of a week as often as anywhere, seldom at an end of time."""
    if chance.random() < 0.05:
        return chance.choice(EXTREMES)
    week = timedelta(weeks=1)
    since = chance.choice((timedelta(), week - timedelta(microseconds=1), week, timedelta(minutes=chance.randrange(90_000))))
    return (BEGIN + since).astimezone(chance.choice(ZONES))

"""The conversation that the crash tests play, with every kind of trouble, and what it is worth: known here, not asked for.

Six threads in which eight people ask, answer, reply, like and accept; half of the threads are told backwards. Around them stand
repeated and conflicting requests, records that nobody can read, voids and redactions before and after what they are about, and
one person who objects to being scored.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from services.enrichment.domain.people import imported_learner
from services.pipeline import STAGES
from shared.clock import rfc3339
from shared.contracts import ENRICHED, OBJECTION, RECEIVED, RECORDED, CourseLink, Enriched, Objection, Received, Status, encode
from shared.stream import Outgoing
from shared.xapi.vocabulary import ActivityType, Verb
from tests.support.oracle import Impact, impacts
from tests.support.received import AUTHORITY, VOIDED, received_statement

HOME: Final = "https://acme.chat.example"
COURSE: Final = "https://lms.example/course/python"
SPACE: Final = UUID("8f2f2f0c-5c83-5d55-9d0e-3a8f0d1f6b55")
SOURCE: Final = "source:chat"
MONDAY: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)
AS_OF: Final = datetime(2026, 4, 20, 12, tzinfo=UTC)
PEOPLE: Final = range(8)
ENROLLED: Final = frozenset(range(5))
"""Who has a formal course record from the start; ENROLLED_LATER is imported while the house is at work."""
ENROLLED_LATER: Final = 6
OBJECTS: Final = 7
OWN_LINK: Final = 980_000
POISON: Final = b"{not a message"
COPIED_TWICE: Final = "Whoever asks the same thing twice has not been answered once, so write the answer where both will look."
COPIED_LATE: Final = "The second answer is often the first one again, told by somebody who reads faster than he thinks it over."
COPIED_FROM_NOBODY: Final = (
    "What was taken back was never said, and who repeats it afterwards is the first to have said it at all."
)
TEXTS: Final = {
    "answered 1 first": COPIED_TWICE,
    "answered 2 second": COPIED_TWICE,
    "answered 3 first": COPIED_LATE,
    "answered 3 second": COPIED_LATE,
    "answered 0 second": COPIED_FROM_NOBODY,
    "answered 2 first": COPIED_FROM_NOBODY,
}
"""What stands in acts of which one copies another: told after it, told before it, and of one that is voided in the end."""
LATER: Final = 13
"""So many of the records are appended while the house comes up again."""


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody did *verb* to the message *about*, which answers the message *parent*; its text may *link* to the course."""

    name: str
    actor: int
    verb: str
    about: str
    parent: str | None = None
    link: bool = False
    minute: int = 0

    @property
    def id(self) -> str:
        """Return the id of the statement."""
        return str(uuid5(SPACE, self.name))

    @property
    def makes(self) -> bool:
        """Say whether what it is about came to be by it."""
        return self.verb in {Verb.ASKED, Verb.ANSWERED, Verb.REPLIED, Verb.POSTED}

    @property
    def happened(self) -> datetime:
        """Return when it happened: threads are weeks apart."""
        return MONDAY + timedelta(minutes=self.minute)


@dataclass(frozen=True, slots=True)
class Play:
    """What is appended, in order; what the record must hold then; and which records must end as dead letters."""

    before: tuple[Outgoing, ...]
    later: tuple[Outgoing, ...]
    expected: Mapping[str, tuple[bool, bool]]
    """The ids that must be recorded once each, with whether they are voided and redacted in the end."""
    buried: Counter[tuple[str, str]]
    """How often a record, known by the hash of its value, must be among the dead letters of a group."""
    impact: Mapping[str, Impact]
    """What each learner's statements are worth at AS_OF."""


def iri(message: str) -> str:
    """Name the activity that the message called *message* is."""
    return f"{HOME}/archives/C1/{message}"


def body(said: Said, text: str = "") -> dict[str, Any]:
    """Return the statement as a door passes it on."""
    context = {"contextActivities": {"parent": [{"id": iri(said.parent)}]}} if said.parent else {}
    written = text or TEXTS.get(said.name) or (f"See {COURSE}/lesson/{said.minute}" if said.link else f"text of {said.name}")
    return {
        "id": said.id,
        "actor": {"objectType": "Agent", "account": {"homePage": HOME, "name": f"U{said.actor}"}},
        "verb": {"id": said.verb},
        "object": {
            "objectType": "Activity",
            "id": iri(said.about),
            "definition": {"type": ActivityType.CHAT_MESSAGE, "name": {"en": written}},
        },
        "result": {"response": written},
        **({"context": context} if context else {}),
        "timestamp": rfc3339(said.happened),
        "authority": {"objectType": "Agent", "account": {"homePage": "https://symposia.example", "name": "chat"}},
        "version": "1.0.3",
    }


def request(*bodies: Mapping[str, Any], redacts: tuple[str, ...] = ()) -> Outgoing:
    """Return the record of one accepted request."""
    message = Received(
        "2026-03-02T09:00:01.000000Z", SOURCE, AUTHORITY, tuple(received_statement(dict(each)) for each in bodies), redacts
    )
    return Outgoing(RECEIVED, encode(message))


def voiding(name: str, target: str, minute: int = 0) -> dict[str, Any]:
    """Return a statement that voids the statement with the id *target*."""
    said = Said(name, 0, VOIDED, name, minute=minute)
    return {**body(said), "object": {"objectType": "StatementRef", "id": target}}


def thread(number: int) -> list[Said]:
    """Return a thread of seven acts: asked by one, answered by two, accepted, liked and replied to by others."""
    asker, first, second, third = ((number + step) % len(PEOPLE) for step in (0, 1, 3, 6))
    ask, one, two, reply = (f"{number}.{place}" for place in ("ask", "one", "two", "reply"))
    minute = number * 7 * 24 * 60
    return [
        Said(f"asked {number}", asker, Verb.ASKED, ask, link=number != 2, minute=minute),
        Said(f"answered {number} first", first, Verb.ANSWERED, one, ask, minute=minute + 1),
        Said(f"answered {number} second", second, Verb.ANSWERED, two, ask, minute=minute + 2),
        Said(f"accepted {number}", asker, Verb.ACCEPTED, one, minute=minute + 3),
        Said(f"liked {number}", third, Verb.LIKED, one, minute=minute + 4),
        Said(f"replied {number}", third, Verb.REPLIED, reply, two, minute=minute + 5),
        Said(f"liked the reply {number}", asker, Verb.LIKED, reply, minute=minute + 6),
    ]


def play() -> Play:
    """Write the whole play down."""
    threads = [thread(number) for number in range(6)]
    told = [said for number, acts in enumerate(threads) for said in (acts if number < 3 else reversed(acts))]
    by_name = {said.name: said for said in told}
    voided = {by_name[name].id for name in ("answered 0 second", "liked 3", "asked 5")}
    gone = {iri("1.two"), iri("4.reply")}
    records = [request(body(said)) for said in told]
    records[7:7] = [
        request(voiding("void early", by_name["liked 3"].id)),
        request(voiding("void a void", str(uuid5(SPACE, "void early")))),
    ]
    records[12:12] = [
        request(body(by_name["asked 0"])),
        Outgoing(RECEIVED, POISON),
        request(body(by_name["answered 0 first"], "changed"), body(Said("beside a conflict", 1, Verb.POSTED, "beside"))),
        request(body(by_name["liked 0"]), body(Said("beside a repetition", 2, Verb.POSTED, "alone"))),
    ]
    records[20:20] = [request(body(_deleting("deleted early", "4.reply")), redacts=(iri("4.reply"),))]
    records[30:30] = [
        request(voiding("void late", by_name["answered 0 second"].id)),
        request({**body(Said("never valid", 3, Verb.POSTED, "x")), "verb": {"id": "no iri"}}),
        request(body(by_name["asked 1"])),
    ]
    records += [
        request(body(_deleting("deleted late", "1.two")), redacts=(iri("1.two"),)),
        request(voiding("void a question", by_name["asked 5"].id)),
        request(body(by_name["replied 3"])),
        request(body(by_name["liked 2"], "changed")),
        request(body(by_name["answered 0 first"], "changed"), body(Said("beside a conflict", 1, Verb.POSTED, "beside"))),
    ]
    elsewhere = [
        Outgoing(RECORDED, POISON, b"a"), Outgoing(ENRICHED, POISON, b"b"),
        Outgoing(OBJECTION, encode(Objection(str(learner(OBJECTS)), objects=True, at=rfc3339(MONDAY)))),
    ]  # fmt: skip
    more = [
        _deleting("deleted early", "4.reply"),
        _deleting("deleted late", "1.two"),
        Said("beside a repetition", 2, Verb.POSTED, "alone"),
    ]
    acts = [*told, *more]
    expected = {said.id: (said.id in voided, iri(said.about) in gone and said.verb != Verb.DELETED) for said in acts}
    expected |= {
        str(uuid5(SPACE, name)): (False, False) for name in ("void early", "void a void", "void late", "void a question")
    }
    return Play(
        before=(*records[:-LATER], *elsewhere),
        later=tuple(records[-LATER:]),
        expected=expected,
        buried=Counter(
            (stage.group, hash_of(each.value))
            for each in _unusable(records, elsewhere)
            for stage in STAGES
            if stage.topic == each.topic
        ),
        impact=impacts(_meant(acts, expected), AS_OF, {str(learner(OBJECTS))}),
    )


def plain() -> Play:
    """Write down a play without any trouble: what a consumer must at least get right, whatever it does about repetitions."""
    acts = [said for number in range(6) for said in thread(number)]
    expected = {said.id: (False, False) for said in acts}
    return Play(tuple(request(body(said)) for said in acts), (), expected, Counter(), impacts(_meant(acts, expected), AS_OF))


def _deleting(name: str, message: str) -> Said:
    return Said(name, 0, Verb.DELETED, message, minute=2000)


def _unusable(records: Iterable[Outgoing], elsewhere: Iterable[Outgoing]) -> list[Outgoing]:
    """Return the records that nobody can use: unreadable, invalid, or in conflict with what was recorded first."""
    marks = (POISON, b"no iri", b"changed")
    return [each for each in (*records, *elsewhere) if any(mark in each.value for mark in marks)]


def hash_of(value: bytes) -> str:
    """Return what a dead letter is known by."""
    return hashlib.sha256(value).hexdigest()[:16]


def learner(person: int) -> UUID:
    """Return the learner that *person* is."""
    return imported_learner(f"HR-{person}")


def _meant(acts: Iterable[Said], ends: Mapping[str, tuple[bool, bool]]) -> list[Enriched]:
    """Say who, whose and which course each act is about, as the design's text has it."""
    return _Meaning(list(acts), ends).messages()


class _Meaning:
    """What is known of the acts once all of them, voids and redactions included, are known."""

    def __init__(self, acts: list[Said], ends: Mapping[str, tuple[bool, bool]]) -> None:
        self._acts = acts
        self._ends = ends
        self._makers = {said.about: said for said in acts if said.makes and not ends[said.id][0]}

    def messages(self) -> list[Enriched]:
        return [self._message(said) for said in self._acts]

    def _message(self, said: Said) -> Enriched:
        maker = self._makers.get(said.parent or "" if said.makes else said.about)
        upon = self._copied(maker) if maker is not None and maker.actor != said.actor else None
        author, copied = upon or maker, self._copied(said)
        confidence = self._confidence(said)
        enrolled = ENROLLED | {ENROLLED_LATER}
        link = CourseLink(
            COURSE, "", confidence / 1_000_000, "",
            actor_enrolled=said.actor in enrolled, author_enrolled=author is not None and author.actor in enrolled,
        )  # fmt: skip
        is_voided, is_redacted = self._ends[said.id]
        return Enriched(
            revision=1,
            id=said.id,
            seq=1,
            timestamp=rfc3339(said.happened),
            stored="",
            received_at="",
            verb=said.verb,
            status=Status.VOIDED if is_voided else Status.REDACTED if is_redacted else Status.LIVE,
            learner=str(learner(said.actor)),
            author=str(learner(author.actor)) if author else None,
            actor_grounded=said.actor in enrolled,
            object=iri(said.about),
            parent=iri(said.parent) if said.parent else None,
            links=(link,) if confidence else (),
            copy_of=copied.id if copied else None,
            upon_copy_of=upon.id if upon else None,
        )

    def _copied(self, said: Said) -> Said | None:
        """Return the act that had the text before, if *said* still says one and it was not the first."""
        having = [each for each in self._acts if TEXTS.get(each.name) == TEXTS.get(said.name) and not any(self._ends[each.id])]
        if said.name not in TEXTS or any(self._ends[said.id]):
            return None
        first = min(having, key=lambda each: (each.happened, UUID(each.id)))
        return None if first.name == said.name else first

    def _confidence(self, said: Said) -> int:
        """Return how surely *said* is about the course, in millionths: its own link, or 99 % of what it builds on."""
        if said.link and not self._ends[said.id][1]:
            return OWN_LINK
        maker = self._makers.get(said.parent or "" if said.makes else said.about)
        return self._confidence(replace(maker)) * 99 // 100 if maker and maker is not said else 0

"""A seeded community that asks, answers, likes and objects: the messages that scoring hears."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

import msgspec

from shared.clock import rfc3339
from shared.contracts import ENRICHED, OBJECTION, CourseLink, Enriched, Objection, Status, Topic, encode
from shared.stream import Batch, Partition, Record
from shared.xapi.vocabulary import Verb

SPACE = UUID("6f1a3c50-7a58-4f64-8f0e-1d9f2f6f7a11")
BEGIN = datetime(2026, 3, 2, 9, tzinfo=UTC)
GROUNDED = 0.6
COURSE = "https://example.org/courses/1"
MAKING = (Verb.ASKED, Verb.POSTED, Verb.CREATED)
BUILDING = (Verb.REPLIED, Verb.ANSWERED, Verb.COMMENTED)
REACTING = (Verb.LIKED, Verb.VIEWED, Verb.ACCEPTED, Verb.SHARED, Verb.VOTED_UP, Verb.VOTED_DOWN, Verb.REACTED, Verb.UNLIKED)


def learner(number: int) -> str:
    """Name the learner *number*."""
    return str(uuid5(SPACE, f"learner {number}"))


def artefact(number: int) -> str:
    """Name the artefact that statement *number* made."""
    return f"https://forum.example.org/posts/{number}"


def statement_id(number: int) -> str:
    """Name the statement *number*."""
    return str(uuid5(SPACE, f"statement {number}"))


def link(confidence: float = 1.0, *, actor: bool = True, author: bool = True, course: str = COURSE) -> CourseLink:
    """Link a statement to *course*."""
    return CourseLink(course, "url", confidence, f"mentions {course}", actor_enrolled=actor, author_enrolled=author)


def enriched(number: int, verb: str, **said: object) -> Enriched:
    """Say what is known of statement *number*; an act of learner 1 on the first Monday unless *said* otherwise."""
    known: dict[str, object] = {
        "revision": 1,
        "seq": number,
        "timestamp": rfc3339(BEGIN),
        "stored": rfc3339(BEGIN),
        "received_at": rfc3339(BEGIN),
        "status": Status.LIVE,
        "learner": learner(1),
        "actor_grounded": True,
    }
    return Enriched(id=statement_id(number), verb=verb, **(known | said))  # type: ignore[arg-type]


def community(seed: int, size: int, people: int = 6) -> list[Enriched]:
    """Return *size* statements of *people*, each possibly in several revisions: late parents, merges, voids."""
    chance = random.Random(seed)  # noqa: S311  seeded, no secret
    messages: list[Enriched] = []
    authors: list[str] = []
    for number in range(size):
        statement = _statement(chance, number, authors, people)
        authors.append(statement.learner or "")
        messages.append(statement)
        revisions = range(2, 2 + chance.choice((0, 0, 0, 1, 2)))
        messages.extend(_revised(chance, statement, revision, people) for revision in revisions)
    return messages


def _statement(chance: random.Random, number: int, authors: Sequence[str], people: int) -> Enriched:
    who = learner(chance.randrange(people))
    target = chance.randrange(number) if number else None
    verb = chance.choice(MAKING if target is None else (*MAKING, *BUILDING, *REACTING))
    moment = rfc3339(BEGIN + timedelta(hours=chance.randrange(24 * 60)))
    grounded = chance.random() < GROUNDED
    said: dict[str, object] = {"learner": who, "timestamp": moment, "actor_grounded": grounded, "links": _links(chance)}
    if verb in MAKING or target is None:
        return enriched(number, verb, object=artefact(number), **said)
    if verb in BUILDING:
        return enriched(number, verb, object=artefact(number), parent=artefact(target), author=authors[target], **said)
    return enriched(number, verb, object=artefact(target), author=authors[target], **said)


def _links(chance: random.Random) -> tuple[CourseLink, ...]:
    return tuple(
        link(
            chance.randrange(101) / 100,
            actor=chance.random() < 0.5,
            author=chance.random() < 0.5,
            course=f"https://example.org/c/{chance.randrange(3)}",
        )
        for _ in range(chance.choice((0, 1, 1, 2)))
    )


def _revised(chance: random.Random, statement: Enriched, revision: int, people: int) -> Enriched:
    changes: list[dict[str, object]] = [
        {"status": Status.VOIDED},
        {"status": Status.REDACTED},
        {"learner": learner(chance.randrange(people))},
        {"author": learner(chance.randrange(people)) if statement.author else None},
        {"parent": None, "author": None},
        {"links": _links(chance), "actor_grounded": chance.random() < GROUNDED},
        {"copy_of": statement_id(chance.randrange(1000)) if statement.verb in {*MAKING, *BUILDING} else None},
        {"author": learner(chance.randrange(people)), "upon_copy_of": statement_id(chance.randrange(1000))},
    ]
    return msgspec.structs.replace(statement, revision=revision, **chance.choice(changes))


def batch(messages: Sequence[Enriched | Objection | bytes], topic: Topic = ENRICHED) -> Batch:
    """Put *messages* into one batch of *topic*."""
    partition = Partition(topic.name, 0)
    values = [message if isinstance(message, bytes) else encode(message) for message in messages]
    return Batch(partition, tuple(Record(partition, offset, None, value) for offset, value in enumerate(values)))


def objection(number: int, *, objects: bool = True, at: datetime = BEGIN) -> Batch:
    """Put what learner *number* says of being scored into a batch."""
    return batch([Objection(learner(number), objects, rfc3339(at))], OBJECTION)

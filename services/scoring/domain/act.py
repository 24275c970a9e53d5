"""An act: an enriched statement with its strings parsed into values."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, NewType
from uuid import UUID

from services.scoring.domain.rules import MICRO, Receives, Rule, rule_of
from services.scoring.domain.week import Week, week_of
from shared.contracts import CourseLink, Enriched, Status
from shared.contracts.wire import LAST_ORDINAL
from shared.xapi.timestamps import instant

StatementId = NewType("StatementId", UUID)
LearnerId = NewType("LearnerId", UUID)
ArtefactKey = NewType("ArtefactKey", UUID)
"""Sixteen bytes that stand for an activity IRI, which may be longer than an index takes."""


class Unreadable(ValueError):
    """The message does not name a statement, people and a moment that can be counted; the text says what is wrong."""


class Identified(NamedTuple):
    """A person whom an import identified: the learner *now*, who was the provisional learner *before*."""

    before: LearnerId
    now: LearnerId


@dataclass(frozen=True, slots=True)
class Link:
    """The link of a statement to a course; *confidence* in millionths."""

    course: str
    method: str
    evidence: str
    confidence: int
    actor_enrolled: bool
    author_enrolled: bool


@dataclass(frozen=True, slots=True)
class Act:
    """What a learner did, as known at *revision*; *rule* is None where it is evidence of nothing, or taken back.

    *artefact* is the statement's object, *received* the artefact that the act is upon, if any. *copy_of* is the statement that
    first had the text of what the act made, *upon_copy_of* the one that first had the text of what it is upon. *identified* are
    those of its people whom an import has identified.
    """

    statement: StatementId
    revision: int
    week: Week
    rule: Rule | None
    learner: LearnerId | None
    author: LearnerId | None
    grounded: bool
    artefact: str | None
    received: str | None
    links: tuple[Link, ...]
    copy_of: StatementId | None = None
    upon_copy_of: StatementId | None = None
    identified: frozenset[Identified] = frozenset()


def read_act(enriched: Enriched) -> Act:
    """Read the message *enriched*.

    Raises Unreadable for ids that are not UUIDs, for times that are not RFC 3339, and for revisions and confidences out of range.
    """
    if not 0 <= enriched.revision <= LAST_ORDINAL:
        raise Unreadable("the revision is outside 0 to 2^63 - 1")
    speaks = enriched.status is Status.LIVE and not enriched.taken_back
    rule = rule_of(enriched.verb, enriched.object_type) if speaks else None
    try:
        return Act(
            statement=StatementId(UUID(enriched.id)),
            revision=enriched.revision,
            week=week_of(instant(enriched.timestamp)),
            rule=rule,
            learner=_learner(enriched.learner),
            author=_learner(enriched.author),
            grounded=enriched.actor_grounded,
            artefact=enriched.object,
            received=_received(enriched, rule),
            links=_links(enriched.links),
            copy_of=_statement(enriched.copy_of),
            upon_copy_of=_statement(enriched.upon_copy_of),
            identified=frozenset(_identified(enriched)),
        )
    except ValueError as error:
        raise Unreadable(str(error)) from error


def key_of(iri: str) -> ArtefactKey:
    """Return the key of the artefact that *iri* names."""
    return ArtefactKey(UUID(bytes=hashlib.blake2b(iri.encode(errors="replace"), digest_size=16).digest()))


def _received(enriched: Enriched, rule: Rule | None) -> str | None:
    match rule.receives if rule is not None else Receives.NOTHING:
        case Receives.NOTHING:
            return None
        case Receives.OBJECT:
            return enriched.object
        case Receives.PARENT:
            return enriched.parent or enriched.object


def _learner(learner: str | None) -> LearnerId | None:
    return None if learner is None else LearnerId(UUID(learner))


def _identified(enriched: Enriched) -> Iterator[Identified]:
    for was, become in ((enriched.learner_before, enriched.learner), (enriched.author_before, enriched.author)):
        if (before := _learner(was)) is not None and (now := _learner(become)) is not None:
            yield Identified(before, now)


def _statement(statement: str | None) -> StatementId | None:
    return None if statement is None else StatementId(UUID(statement))


def _links(links: Sequence[CourseLink]) -> tuple[Link, ...]:
    return tuple(_link(link) for link in links)


def _link(link: CourseLink) -> Link:
    if not 0 <= link.confidence <= 1:
        raise Unreadable(f"a confidence of {link.confidence} is outside 0 to 1")
    return Link(
        course=link.course,
        method=link.method,
        evidence=link.evidence,
        confidence=round(link.confidence * MICRO),
        actor_enrolled=link.actor_enrolled,
        author_enrolled=link.author_enrolled,
    )

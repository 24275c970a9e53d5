"""What is known of a statement once people, artefacts and courses are known: the message that scoring reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final
from uuid import UUID

from services.enrichment.domain.catalogue import Catalogue
from services.enrichment.domain.features import Features
from services.enrichment.domain.links import Link, Method, best, inherit, own_links
from services.enrichment.domain.people import LearnerId, learner_before
from shared.clock import rfc3339
from shared.contracts import CourseLink, Enriched, Status
from shared.xapi.model import Ifi, Iri

MICRO: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Interaction:
    """One statement as enrichment stores it: its features, whether it still counts, and the last message about it (*emitted*)."""

    statement_id: UUID
    seq: int
    stored: str
    received_at: str
    features: Features
    voided: bool
    redacted: bool
    links: tuple[Link, ...]
    emitted: bytes

    @property
    def status(self) -> Status:
        """Return whether the statement is live, voided or redacted; one that is both is voided."""
        if self.voided:
            return Status.VOIDED
        return Status.REDACTED if self.redacted else Status.LIVE


@dataclass(frozen=True, slots=True)
class Original:
    """The statement that first had the text that an artefact repeats, and who wrote it."""

    statement_id: UUID
    actor: Ifi | None


@dataclass(frozen=True, slots=True)
class Maker:
    """Who made an artefact, by which statement, which courses that statement is about, and what the artefact copies."""

    statement_id: UUID
    actor: Ifi | None
    links: tuple[Link, ...]
    copies: Original | None = None


@dataclass(frozen=True)
class Known:
    """What is known around some statements: makers of artefacts, learners by identity, enrolments, and what was taken back."""

    catalogue: Catalogue
    makers: Mapping[Iri, Maker] = field(default_factory=dict)
    learners: Mapping[Ifi, LearnerId] = field(default_factory=dict)
    enrolments: Mapping[LearnerId, Mapping[str, date | None]] = field(default_factory=dict)
    taken_back: frozenset[UUID] = frozenset()
    """Those of the statements that their actor took back later."""
    originals: Mapping[UUID, UUID] = field(default_factory=dict)
    """For each statement that makes a copy: the statement that had the text first."""

    def learner(self, identifier: Ifi | None) -> LearnerId | None:
        """Return the learner whom *identifier* names; None where it is unknown."""
        return self.learners.get(identifier) if identifier else None

    def enrolled(self, learner: LearnerId | None, course: str, at: datetime) -> bool:
        """Say whether *learner* had been enrolled in *course* by the time *at*, whether or not the enrolment has ended."""
        since = self.enrolments.get(learner, {}) if learner else {}
        return course in since and _begun(since[course], at)

    def grounded(self, learner: LearnerId | None, at: datetime) -> bool:
        """Say whether *learner* had a formal course record by the time *at*."""
        return learner is not None and any(_begun(since, at) for since in self.enrolments.get(learner, {}).values())


def effective_links(interaction: Interaction, known: Known) -> tuple[Link, ...]:
    """Return the statement's own links; where these come only from its channel, add those of the nearest linked artefact."""
    own = own_links(interaction.features, known.catalogue)
    if any(link.method is not Method.CHANNEL for link in own):
        return own
    for anchor in interaction.features.anchors:
        maker = known.makers.get(anchor)
        if maker is not None and maker.statement_id != interaction.statement_id and maker.links:
            return best([*own, *inherit(maker.links)])
    return own


def maker_of(interaction: Interaction, known: Known) -> Maker | None:
    """Return who made the artefact acted upon, as far as it is known."""
    features = interaction.features
    touched = features.object if features.builds_on_object else features.parent
    return known.makers.get(touched) if touched else None


def copied_by(maker: Maker | None, interaction: Interaction, known: Known) -> Original | None:
    """Return the original of the artefact acted upon, if it is a copy; None where the actor acts on their own copy."""
    if maker is None or maker.copies is None:
        return None
    learner = known.learner(maker.actor)
    return None if learner is not None and learner == known.learner(interaction.features.actor) else maker.copies


def author_of(interaction: Interaction, known: Known) -> Ifi | None:
    """Return the author of the artefact acted upon: who wrote what it copies, who made it, or else whom the platform named."""
    maker = maker_of(interaction, known)
    if (original := copied_by(maker, interaction, known)) is not None:
        return original.actor
    return maker.actor if maker is not None and maker.actor is not None else interaction.features.target


def people_of(interaction: Interaction, known: Known) -> set[Ifi]:
    """Return the identities that the meaning of *interaction* depends on: its actor, and the authors of what it acts on."""
    maker = maker_of(interaction, known)
    made = () if maker is None else (maker.actor, maker.copies.actor if maker.copies else None)
    named = (interaction.features.actor, author_of(interaction, known), *made)
    return {identifier for identifier in named if identifier is not None}


def meaning(interaction: Interaction, links: tuple[Link, ...], known: Known) -> Enriched:
    """Say what is known of *interaction*, with revision 0; the real revision is taken only if the message is news."""
    features = interaction.features
    learner = known.learner(features.actor)
    wrote = author_of(interaction, known)
    author = known.learner(wrote)
    copied = known.originals.get(interaction.statement_id)
    upon = copied_by(maker_of(interaction, known), interaction, known)
    return Enriched(
        revision=0,
        id=str(interaction.statement_id),
        seq=interaction.seq,
        timestamp=rfc3339(features.timestamp),
        stored=interaction.stored,
        received_at=interaction.received_at,
        verb=features.verb,
        status=interaction.status,
        learner=_text(learner),
        author=_text(author),
        actor_grounded=known.grounded(learner, features.timestamp),
        object=features.object,
        object_type=features.object_type,
        parent=features.parent,
        taken_back=interaction.statement_id in known.taken_back,
        copy_of=_text(copied),
        upon_copy_of=_text(upon.statement_id if upon else None),
        learner_before=_text(learner_before(features.actor, learner)),
        author_before=_text(learner_before(wrote, author)),
        links=tuple(_course_link(link, learner, author, features.timestamp, known) for link in links),
    )


def _text(identifier: UUID | None) -> str | None:
    return None if identifier is None else str(identifier)


def _course_link(link: Link, learner: LearnerId | None, author: LearnerId | None, at: datetime, known: Known) -> CourseLink:
    return CourseLink(
        course=link.course,
        method=link.method,
        confidence=link.confidence / MICRO,
        evidence=link.evidence,
        actor_enrolled=known.enrolled(learner, link.course, at),
        author_enrolled=known.enrolled(author, link.course, at),
    )


def _begun(since: date | None, at: datetime) -> bool:
    return since is None or since <= at.date()

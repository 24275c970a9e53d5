"""`enriched`: one statement with who, whose and which courses."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from shared.contracts.wire import Ordinal, Text


class Status(StrEnum):
    """Whether a statement still speaks."""

    LIVE = "live"
    VOIDED = "voided"
    REDACTED = "redacted"


class CourseLink(msgspec.Struct, frozen=True, rename="camel"):
    """A course that a statement is about: how we know (*method*), how surely (*confidence*, 0 to 1), and on what *evidence*.

    *actor_enrolled* and *author_enrolled* say who of the two is enrolled in the course, or has been.
    """

    course: Text
    method: Text
    confidence: float
    evidence: Text
    actor_enrolled: bool = False
    author_enrolled: bool = False


class Enriched(msgspec.Struct, frozen=True, rename="camel"):
    """What is known of a statement at *revision*; a consumer applies it only if the revision is newer than what it applied.

    *verb* is the statement's verb IRI after aliases; *object* and *parent* are activity IRIs; *learner* is who acted, *author*
    whose artefact was acted upon (the parent of a reply, the target of a reaction or acceptance), both learner ids (UUID), None
    where the statement names none. *actor_grounded* says that the acting learner has a formal course record; *taken_back* that
    the actor undid it later (an unlike after a like). *copy_of* is the statement that had the text before, where the actor's
    artefact repeats another's; *upon_copy_of* is that statement where the artefact acted upon does, and *author* is who wrote it
    there. *learner_before* and *author_before* are whom an import made these learners out of: the one who was known by nothing
    but the identity that stands in the statement. Times are RFC 3339.
    """

    revision: Ordinal
    id: Text
    seq: Ordinal
    timestamp: Text
    stored: Text
    received_at: Text
    verb: Text
    status: Status
    learner: Text | None = None
    author: Text | None = None
    actor_grounded: bool = False
    object: Text | None = None
    object_type: Text | None = None
    parent: Text | None = None
    links: tuple[CourseLink, ...] = ()
    taken_back: bool = False
    copy_of: Text | None = None
    upon_copy_of: Text | None = None
    learner_before: Text | None = None
    author_before: Text | None = None

"""The wordings of artefacts: which texts they had, from when on, and whether somebody had the text of one before."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.enrichment.domain.signature import are_alike
from shared.xapi.model import Ifi, Iri


class Moment(NamedTuple):
    """When something was said; moments put statements in one order, however they arrived."""

    happened: datetime
    statement_id: UUID


class Wording(NamedTuple):
    """The text that a statement gave to *object*: the one that made it, or one that edited it."""

    statement_id: UUID
    happened: datetime
    object: Iri
    actor: Ifi | None
    makes_object: bool
    signature: bytes

    @property
    def moment(self) -> Moment:
        """Return since when the text was there."""
        return Moment(self.happened, self.statement_id)


def current(wordings: Collection[Wording]) -> Wording | None:
    """Return the last of the *wordings* of one artefact."""
    return max(wordings, key=lambda each: each.moment, default=None)


def original(wordings: Collection[Wording], others: Iterable[Wording]) -> UUID | None:
    """Return the first statement among *others* whose text is like the current one of *wordings*, and earlier; None without one.

    An artefact has had its text since the first of its own wordings that is like the last, so mending a word makes no copy.
    What others edited in the same artefact does not count; what others made under the same IRI, as when all answer one question,
    does.
    """
    now = current(wordings)
    if now is None:
        return None
    since = min(each.moment for each in wordings if each is now or are_alike(each.signature, now.signature))
    before = (each for each in others if each.moment < since and _is_another(each, now))
    first = min((each.moment for each in before if are_alike(each.signature, now.signature)), default=None)
    return None if first is None else first.statement_id


def _is_another(wording: Wording, now: Wording) -> bool:
    return wording.object != now.object or (wording.makes_object and wording.actor != now.actor)

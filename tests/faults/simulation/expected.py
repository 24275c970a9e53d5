"""What must be known of a conversation in the end, worked out without the services' code."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from services.enrichment.domain.people import imported_learner
from shared.clock import rfc3339
from shared.contracts import CourseLink, Enriched, Status
from tests.faults.simulation.plot import COURSE, Said

ENROLLED: Final = frozenset({0, 1, 3})
OWN_LINK: Final = 980_000
SHORTEST_COPY: Final = 8
"""Words: a shorter text is nobody's."""


def learner(person: int) -> UUID:
    """Return the learner that *person* is, once everything is imported."""
    return imported_learner(f"HR-{person}")


@dataclass(frozen=True)
class Record:
    """The statements of the record, whatever came to it first, and which of them are voided and redacted."""

    said: Mapping[str, Said]
    redacted: Collection[str]

    @property
    def voided(self) -> frozenset[str]:
        """Return the ids that a statement of the record voids, but for voiding statements."""
        targets = {each.voids for each in self.said.values() if each.voids}
        return frozenset(each.id for each in self.said.values() if each.id in targets and not each.voids)

    def known(self) -> dict[str, Enriched]:
        """Say what must be known of each statement."""
        return {each.id: self._message(each) for each in self.said.values()}

    def _maker(self, artefact: str | None) -> Said | None:
        makers = [each for each in self.said.values() if each.makes and each.about == artefact and each.id not in self.voided]
        return min(makers, key=lambda each: (each.happened, UUID(each.id)), default=None)

    def _moment(self, said: Said) -> tuple[datetime, UUID]:
        return said.happened, UUID(said.id)

    def _texts(self) -> list[Said]:
        """Return what gave an artefact a text that is long enough to be copied, and still says it, the first first."""
        silent = {*self.voided, *self.redacted}
        texts = [one for one in self.said.values() if one.gives_text and len(one.text.split()) >= SHORTEST_COPY]
        return sorted((one for one in texts if one.id not in silent), key=self._moment)

    def _copied(self, said: Said) -> Said | None:
        """Return the statement that had the text before of what *said* made; texts of a plot are the same, or nothing alike."""
        texts = self._texts()
        own = [one for one in texts if (one.about, one.actor) == (said.about, said.actor)]
        if not own or not said.makes or said.id in {*self.voided, *self.redacted}:
            return None
        since = next(one for one in own if one.text.lower() == own[-1].text.lower())
        others = [one for one in texts if one.about != said.about or (one.makes and one.actor != said.actor)]
        before = [one for one in others if one.text.lower() == since.text.lower() and self._moment(one) < self._moment(since)]
        return before[0] if before else None

    def _confidence(self, said: Said) -> int:
        """Return how surely *said* is about the course: by its own link, or 99 % of what it builds on."""
        if said.link and said.id not in self.redacted:
            return OWN_LINK
        for anchor in dict.fromkeys((said.parent if said.makes else said.about, said.parent)):
            maker = self._maker(anchor)
            if maker is not None and maker.id != said.id and (found := self._confidence(maker)):
                return found * 99 // 100
        return 0

    def _message(self, said: Said) -> Enriched:
        maker = self._maker(said.parent if said.makes else said.about) if not said.voids else None
        copied = self._copied(said) if not said.voids else None
        upon = self._copied(maker) if maker is not None and maker.actor != said.actor else None
        author = upon or maker
        confidence = self._confidence(said) if not said.voids else 0
        status = Status.VOIDED if said.id in self.voided else Status.REDACTED if said.id in self.redacted else Status.LIVE
        link = CourseLink(
            COURSE, "", confidence / 1_000_000, "",
            actor_enrolled=said.actor in ENROLLED, author_enrolled=author is not None and author.actor in ENROLLED,
        )  # fmt: skip
        return Enriched(
            revision=0,
            id=said.id,
            seq=0,
            timestamp=rfc3339(said.happened),
            stored="",
            received_at="",
            verb=said.verb,
            status=status,
            learner=str(learner(said.actor)),
            author=str(learner(author.actor)) if author else None,
            actor_grounded=said.actor in ENROLLED,
            object=None if said.voids else said.about,
            parent=said.parent,
            links=(link,) if confidence else (),
            copy_of=copied.id if copied else None,
            upon_copy_of=upon.id if upon else None,
        )

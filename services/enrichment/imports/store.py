"""What imports write to schema `records`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from services.enrichment.domain.catalogue import Course
from services.enrichment.domain.people import LearnerId, email_hash_ifi
from services.enrichment.imports.rows import Enrolment, Person
from shared.postgres import Transaction, load_queries
from shared.xapi.model import Ifi


class ImportStore:
    """Writes people, courses and enrolments; telling twice stores once, and says that nothing changed."""

    def __init__(self) -> None:
        self._sql = load_queries("services.enrichment.imports")

    async def owners(self, transaction: Transaction, identities: Iterable[Ifi]) -> dict[Ifi, str]:
        """Return the external ids of the imported people that have identities."""
        rows = await transaction.fetch(self._sql["owners"], list(identities))
        return {Ifi(row["ifi"]): row["external_id"] for row in rows}

    async def store_people(self, transaction: Transaction, people: Sequence[Person]) -> int:
        """Store people, of whom a later row of the same file weighs more; return how many changed."""
        latest = list({one.learner: one for one in people}.values())
        changed = await transaction.fetch(
            self._sql["store_people"],
            [one.learner for one in latest],
            [one.external_id for one in latest],
            [one.name or None for one in latest],
            [_email_sha1(one) for one in latest],
        )
        return len(changed)

    async def store_aliases(self, transaction: Transaction, people: Sequence[Person]) -> list[Ifi]:
        """Make identities those of people; return the identities that changed hands."""
        learners = {identity: one.learner for one in people for identity in one.identities}
        rows = await transaction.fetch(self._sql["store_aliases"], list(learners), list(learners.values()))
        return [Ifi(row["ifi"]) for row in rows]

    async def forget_provisional(self, transaction: Transaction) -> None:
        """Delete the provisional learners whose last identity became a person's."""
        await transaction.execute(self._sql["forget_provisional"])

    async def store_courses(self, transaction: Transaction, courses: Sequence[Course]) -> int:
        """Store courses; return how many changed."""
        changed = 0
        for one in courses:
            row = await transaction.fetchrow(
                self._sql["store_courses"], one.iri, one.title, one.description, one.codes, one.aliases, one.urls, one.channels
            )
            changed += row is not None
        return changed

    async def raise_catalogue_version(self, transaction: Transaction) -> None:
        """Tell every handler to read the catalogue anew."""
        await transaction.execute(self._sql["raise_catalogue_version"])

    async def store_enrolments(self, transaction: Transaction, enrolments: Sequence[Enrolment]) -> set[LearnerId]:
        """Store enrolments; return the learners of whom something changed."""
        latest = list({(one.learner, one.course): one for one in enrolments}.values())
        rows = await transaction.fetch(
            self._sql["store_enrolments"],
            [one.learner for one in latest],
            [one.course for one in latest],
            [one.role for one in latest],
            [one.valid_from for one in latest],
            [one.valid_to for one in latest],
        )
        return {LearnerId(row["learner"]) for row in rows}

    async def identities_of(self, transaction: Transaction, learners: Iterable[LearnerId]) -> list[Ifi]:
        """Return the identities of learners."""
        rows = await transaction.fetch(self._sql["identities_of"], list(learners))
        return [Ifi(row["ifi"]) for row in rows]

    async def ask_for_relink(self, transaction: Transaction, identities: Sequence[Ifi] | None) -> None:
        """Leave a job for the relinker: the statements in which *identities* stand, or (None) all."""
        if identities is None or identities:
            await transaction.execute(self._sql["ask_for_relink"], identities)


def _email_sha1(person: Person) -> str | None:
    hashes = (email_hash_ifi(identity) for identity in person.identities)
    found = next((one for one in hashes if one), None) if person.email else None
    return found.removeprefix("mbox_sha1sum::") if found else None

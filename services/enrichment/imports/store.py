"""What imports write to schema `records`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from services.enrichment.domain.catalogue import Course
from services.enrichment.domain.people import LearnerId
from services.enrichment.imports.rows import Enrolment, Person
from shared.portions import portions
from shared.postgres import Transaction, load_queries
from shared.xapi import ifi
from shared.xapi.model import Ifi

ROWS: Final = 2000
"""Rows that one SQL statement stores: a whole company would exceed its timeout.

It is also the number of identities that one job names, because the list is read for each part of the job.
"""

_QUERIES: Final = load_queries(__package__)


class ImportStore:
    """Writes people, courses and enrolments in one *transaction*; what is stored already does not count as changed."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def owners(self, identities: Iterable[Ifi]) -> dict[Ifi, str]:
        """Return those of *identities* that imported people have, each with the external id of its owner."""
        owners: dict[Ifi, str] = {}
        for some in portions(list(identities), ROWS):
            owners |= {Ifi(row["ifi"]): row["external_id"] for row in await self._transaction.fetch(_QUERIES["owners"], some)}
        return owners

    async def store_people(self, people: Sequence[Person]) -> int:
        """Store people, the last row of each in a file; return how many changed."""
        changed = 0
        for some in portions(list({one.external_id: one for one in people}.values()), ROWS):
            rows = await self._transaction.fetch(
                _QUERIES["store_people"],
                [one.learner for one in some],
                [one.external_id for one in some],
                [one.name or None for one in some],
                [_email_sha1(one) for one in some],
            )
            changed += len(rows)
        return changed

    async def store_aliases(self, people: Sequence[Person]) -> list[Ifi]:
        """Assign the people their identities; return the identities that changed owner."""
        owners = {identity: one for one in people for identity in one.identities}
        moved: list[Ifi] = []
        for some in portions(list(owners), ROWS):
            rows = await self._transaction.fetch(_QUERIES["store_aliases"], some, [owners[identity].learner for identity in some])
            moved += [Ifi(row["ifi"]) for row in rows]
        return moved

    async def forget_provisional(self) -> None:
        """Delete the provisional learners whose last identity has become an imported person's."""
        await self._transaction.execute(_QUERIES["forget_provisional"])

    async def store_courses(self, courses: Sequence[Course]) -> int:
        """Store courses; return how many changed."""
        changed = 0
        for one in courses:
            row = await self._transaction.fetchrow(
                _QUERIES["store_courses"], one.iri, one.title, one.description, one.codes, one.aliases, one.urls, one.channels
            )
            changed += row is not None
        return changed

    async def raise_catalogue_version(self) -> None:
        """Make every handler read the catalogue again."""
        await self._transaction.execute(_QUERIES["raise_catalogue_version"])

    async def store_enrolments(self, enrolments: Sequence[Enrolment]) -> set[LearnerId]:
        """Store enrolments; return the learners of whom something changed."""
        changed: set[LearnerId] = set()
        for some in portions(list({(one.external_id, one.course): one for one in enrolments}.values()), ROWS):
            rows = await self._transaction.fetch(
                _QUERIES["store_enrolments"],
                [one.learner for one in some],
                [one.course for one in some],
                [one.role for one in some],
                [one.valid_from for one in some],
                [one.valid_to for one in some],
            )
            changed |= {LearnerId(row["learner"]) for row in rows}
        return changed

    async def identities_of(self, learners: Iterable[LearnerId]) -> list[Ifi]:
        """Return the identities of learners."""
        found: list[Ifi] = []
        for some in portions(list(learners), ROWS):
            found += [Ifi(row["ifi"]) for row in await self._transaction.fetch(_QUERIES["identities_of"], some)]
        return found

    async def ask_for_relink(self, identities: Sequence[Ifi]) -> None:
        """Leave the relinker jobs for the statements in which *identities* stand."""
        for some in portions(identities, ROWS):
            await self._transaction.execute(_QUERIES["ask_for_relink"], some)

    async def ask_for_all(self) -> None:
        """Leave the relinker a job for all statements, starting again at the first if there is one already."""
        await self._transaction.execute(_QUERIES["ask_for_all"])


def _email_sha1(person: Person) -> str | None:
    hashes = (ifi.email_hash(identity) for identity in person.identities)
    found = next((one for one in hashes if one), None) if person.email else None
    return found.removeprefix("mbox_sha1sum::") if found else None

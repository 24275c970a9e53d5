"""Find the person whom an operator means: the identifiers given, and those of learners, by enrichment's contract."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from services.gateway.persons.person import LearnerName, Person, read_name, with_hashes
from services.gateway.persons.store import QUERIES
from shared.errors import SymposiaError
from shared.postgres import Database
from shared.xapi.model import Ifi


class NobodyKnown(SymposiaError):
    """No learner has the name given; it was never known, or has been erased."""

    def __init__(self, name: LearnerName) -> None:
        super().__init__(f"No learner is known by the {name.kind} {name.value[:200]!r}; who was erased is known no more")


@dataclass(frozen=True)
class Meant:
    """The *person* who is meant, and, by learner, the *others* of their identifiers that were not named."""

    person: Person
    others: Mapping[UUID, frozenset[Ifi]]


async def find(database: Database, names: Iterable[str]) -> Meant:
    """Find the one person whom all *names* (see FORMS) mean. Raises Unnamed, NobodyKnown, Unavailable."""
    read = [read_name(name) for name in names]
    learners: set[UUID] = set()
    for name in read:
        if isinstance(name, LearnerName):
            learners |= await _learners(database, name)
    rows = await database.fetch(QUERIES["identities_of"], list(learners))
    named = {name for name in read if not isinstance(name, LearnerName)}
    identities = with_hashes(named | {Ifi(row["identity"]) for row in rows})
    others = await _others(database, identities)
    whole = {learner for learner, left in others.items() if not left}
    return Meant(Person(identities, frozenset(learners | whole)), {each: left for each, left in others.items() if left})


async def _learners(database: Database, name: LearnerName) -> set[UUID]:
    rows = await database.fetch(QUERIES["learners"], name.kind, name.value)
    if not rows:
        raise NobodyKnown(name)
    return {row["learner"] for row in rows}


async def _others(database: Database, identities: frozenset[Ifi]) -> dict[UUID, frozenset[Ifi]]:
    """Return the learners of *identities*, each with the other identifiers that they have."""
    found: dict[UUID, set[Ifi]] = {}
    for row in await database.fetch(QUERIES["learners_of"], list(identities)):
        found.setdefault(row["learner"], set()).add(Ifi(row["identity"]))
    return {learner: frozenset(theirs - identities) for learner, theirs in found.items()}

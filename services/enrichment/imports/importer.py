"""Import a file of people, courses or enrolments in one transaction, and leave jobs that relink what it changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Final, TypeVar

from services.enrichment.domain.catalogue import Course
from services.enrichment.imports import rows
from services.enrichment.imports.store import ImportStore
from services.enrichment.imports.table import Columns, Fault, Row, read
from services.enrichment.store import Store
from shared.postgres import Database, Transaction

T = TypeVar("T")


class Kind(StrEnum):
    """What a file holds."""

    PEOPLE = "people"
    COURSES = "courses"
    ENROLMENTS = "enrolments"


@dataclass(frozen=True, slots=True)
class Report:
    """The result of an import: how many rows were *taken*, how many of them *changed* something, and the others' *faults*."""

    taken: int
    changed: int
    faults: tuple[Fault, ...]


COLUMNS: Final = {
    Kind.PEOPLE: Columns(("external_id",), ("name", "email", "accounts"), lists=("accounts",)),
    Kind.COURSES: Columns(
        ("iri", "title"),
        ("description", "codes", "aliases", "urls", "channels"),
        lists=("codes", "aliases", "urls", "channels"),
    ),
    Kind.ENROLMENTS: Columns(("external_id", "course"), ("role", "from", "to")),
}
AS_THEY_ARE: Final[Mapping[str, str]] = {}
"""The file's columns have our names."""


class _DryRunError(Exception):
    """Rolls a dry run back."""

    def __init__(self, report: Report) -> None:
        super().__init__("dry run")
        self.report = report


class Importer:
    """Imports files into schema `records`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._store = Store()

    async def take(self, kind: Kind, content: bytes, *, filled: Mapping[str, str] = AS_THEY_ARE, dry_run: bool = False) -> Report:
        """Store the good rows of the CSV file *content* and report the faults of the others; a *dry_run* changes nothing.

        *filled* says, for a column of ours, which header or template of the file fills it. Raises Unavailable.
        """
        found = read(content, replace(COLUMNS[kind], filled=filled))

        match kind:  # parsing comes before the transaction, which PostgreSQL would end if it were idle for long
            case Kind.PEOPLE:
                store = partial(self._people, _meant(found, rows.person))
            case Kind.COURSES:
                store = partial(self._courses, _meant(found, rows.course))
            case Kind.ENROLMENTS:
                names = rows.names_of(await self._database.run(self._store.courses))
                store = partial(self._enrolments, _meant(found, partial(rows.enrolment, courses=names)))

        async def work(transaction: Transaction) -> Report:
            await self._store.hold_identities(transaction)
            report = await store(transaction)
            report = Report(report.taken, report.changed, tuple(sorted(report.faults, key=lambda fault: fault.line)))
            if dry_run:
                raise _DryRunError(report)
            return report

        try:
            return await self._database.run(work)
        except _DryRunError as end:
            return end.report

    async def _people(self, found: Sequence[rows.Person | Fault], transaction: Transaction) -> Report:
        """Store people and their identities; statements in which a changed identity stands are relinked."""
        imports = ImportStore(transaction)
        people = [one for one in found if isinstance(one, rows.Person)]
        owners = await imports.owners({identity for one in people for identity in one.identities})
        people, disputes = rows.disputed(people, owners)
        changed = await imports.store_people(people)
        moved = await imports.store_aliases(people)
        await imports.forget_provisional()
        await imports.ask_for_relink(moved)
        return Report(len(people), max(changed, len(moved)), (*_faults(found), *disputes))

    async def _courses(self, found: Sequence[Course | Fault], transaction: Transaction) -> Report:
        """Store courses; if the catalogue changes, every statement is relinked."""
        imports = ImportStore(transaction)
        courses = [one for one in found if isinstance(one, Course)]
        changed = await imports.store_courses(courses)
        if changed:
            await imports.raise_catalogue_version()
            await imports.ask_for_all()
        return Report(len(courses), changed, _faults(found))

    async def _enrolments(self, found: Sequence[rows.Enrolment | Fault], transaction: Transaction) -> Report:
        """Store enrolments; the statements of learners whose enrolments changed are relinked."""
        imports = ImportStore(transaction)
        enrolments = [one for one in found if isinstance(one, rows.Enrolment)]
        learners = await imports.store_enrolments(enrolments)
        await imports.ask_for_relink(await imports.identities_of(learners))
        return Report(len(enrolments), len(learners), _faults(found))


def _meant(found: Iterable[Row | Fault], mean: Callable[[Row], T | Fault]) -> list[T | Fault]:
    """Interpret each row as it is read, since the file of a whole company should not be in memory twice."""
    return [mean(each) if isinstance(each, Row) else each for each in found]


def _faults(found: Sequence[object]) -> tuple[Fault, ...]:
    return tuple(one for one in found if isinstance(one, Fault))

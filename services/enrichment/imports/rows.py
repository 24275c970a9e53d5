"""Interpret the rows of each kind of file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from services.enrichment.domain.catalogue import Course, CourseIri, is_url
from services.enrichment.domain.people import LearnerId, email_ifis, imported_learner
from services.enrichment.imports.table import Fault, Row
from shared.spreadsheets import ROUNDED
from shared.xapi import ifi
from shared.xapi.bounded import MAX_BYTES, bounded
from shared.xapi.model import Ifi

EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+")
IRI = re.compile(r"[a-z][a-z0-9+.-]*:[^\s<>\"{}|\\^`]+", re.IGNORECASE)
CANONICAL = re.compile(
    r"mbox::mailto:[^@\s]+@[^@\s]+|mbox_sha1sum::[0-9a-f]{40}|openid::[a-z][a-z0-9+.-]*:\S+|account::.+", re.DOTALL
)
MAILTO = "mailto:"


@dataclass(frozen=True, slots=True)
class Person:
    """A person as HR knows him or her: *identities* are the IFIs of the e-mail address and of the accounts."""

    line: int
    external_id: str
    name: str
    email: str
    identities: tuple[Ifi, ...]

    @property
    def learner(self) -> LearnerId:
        """Return the person's learner id."""
        return imported_learner(self.external_id)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One person's enrolment in one course, from and to a day, where known."""

    line: int
    external_id: str
    course: CourseIri
    role: str
    valid_from: date | None
    valid_to: date | None

    @property
    def learner(self) -> LearnerId:
        """Return the person's learner id."""
        return imported_learner(self.external_id)


def person(row: Row) -> Person | Fault:
    """Read a person: external_id; name, email, accounts (`name@home page`, several separated by `|`)."""
    email = row.text("email").removeprefix(MAILTO)
    if fault := _unkeyable(row, "external_id"):
        return fault
    if email and not EMAIL.fullmatch(email):
        return Fault(row.line, "email", f"{email[:80]!r} is not an e-mail address")
    identities: list[Ifi] = list(email_ifis(email)) if email else []
    for account in row.items("accounts"):
        identity = _identity(account)
        if identity is None:
            return Fault(
                row.line,
                "accounts",
                f"{account[:80]!r} is not an account: write name@https://home.page, and separate several with |",
            )
        identities += [identity, *_hash_of(identity)]
    return Person(row.line, row.text("external_id"), row.text("name"), email, tuple(dict.fromkeys(identities)))


def course(row: Row) -> Course | Fault:
    """Read a course: iri, title; description, codes, aliases, urls, channels (lists separated by `|`)."""
    if fault := _unkeyable(row, "iri"):
        return fault
    if not IRI.fullmatch(row.text("iri")):
        return Fault(row.line, "iri", f"{row.text('iri')[:80]!r} is not an IRI, such as https://lms.example/course/7")
    wrong = next((url for url in row.items("urls") if not (is_url(url) and IRI.fullmatch(url))), None)
    if wrong is not None:
        return Fault(row.line, "urls", f"{wrong[:80]!r} is not a web address; separate several with |")
    nowhere = next((column for column in ("aliases", "channels") for one in row.items(column) if not _leads(column, one)), None)
    if nowhere is not None:
        return Fault(row.line, nowhere, _NOWHERE[nowhere])
    return Course(
        iri=CourseIri(row.text("iri")),
        title=row.text("title"),
        description=row.text("description"),
        codes=row.items("codes"),
        aliases=row.items("aliases"),
        urls=row.items("urls"),
        channels=row.items("channels"),
    )


def enrolment(row: Row, courses: Mapping[str, CourseIri | None]) -> Enrolment | Fault:
    """Read an enrolment: external_id, course (its IRI, an alias or a code); role, from, to (days, or moments, in ISO 8601)."""
    written = row.text("course")
    if fault := _unkeyable(row, "external_id"):
        return fault
    if written not in courses:
        return Fault(row.line, "course", f"{written[:80]!r} is not the IRI, alias or code of an imported course")
    named = courses[written]
    if named is None:
        return Fault(row.line, "course", f"{written[:80]!r} is a code or alias of several courses; write the course's IRI")
    days: list[date | None] = []
    for column in ("from", "to"):
        try:
            days.append(datetime.fromisoformat(row.text(column)).date() if row.text(column) else None)
        except ValueError:
            return Fault(row.line, column, f"{row.text(column)[:40]!r} is not a date: write YYYY-MM-DD")
    begins, ends = days
    if begins and ends and ends < begins:
        return Fault(row.line, "to", "ends before it begins")
    return Enrolment(row.line, row.text("external_id"), named, row.text("role") or "learner", begins, ends)


def disputed(people: Iterable[Person], owners: Mapping[Ifi, str]) -> tuple[list[Person], list[Fault]]:
    """Separate people whose identities are theirs alone from those who claim somebody else's; return a fault for each of these.

    *owners* are the external ids of the imported people who have identities already.
    """
    taken = dict(owners)
    undisputed: list[Person] = []
    faults: list[Fault] = []
    for one in people:
        other = next((identity for identity in one.identities if taken.get(identity, one.external_id) != one.external_id), None)
        if other is not None:
            faults.append(_dispute(one, other, taken[other]))
            continue
        taken.update(dict.fromkeys(one.identities, one.external_id))
        undisputed.append(one)
    return undisputed, faults


def _dispute(person: Person, identity: Ifi, owner: str) -> Fault:
    if person.email and identity in email_ifis(person.email):
        return Fault(person.line, "email", f"the e-mail address belongs to {owner[:80]!r} already; nothing of this row is taken")
    account = identity.partition("::")[2][:80]
    return Fault(person.line, "accounts", f"{account!r} belongs to {owner[:80]!r} already; nothing of this row is taken")


def names_of(courses: Iterable[Course]) -> dict[str, CourseIri | None]:
    """Return the courses by IRI, alias and code; None where several courses share a name.

    An IRI takes precedence over an alias, an alias over a code.
    """
    known = list(courses)
    names: dict[str, CourseIri | None] = {}
    for named in (_by(known, lambda one: one.codes), _by(known, lambda one: one.aliases), _by(known, lambda one: (one.iri,))):
        names.update(named)
    return names


def _by(courses: Iterable[Course], names: Callable[[Course], Iterable[str]]) -> dict[str, CourseIri | None]:
    found: dict[str, CourseIri | None] = {}
    for one in courses:
        for name in names(one):
            found[name] = one.iri if found.get(name, one.iri) == one.iri else None
    return found


def _identity(account: str) -> Ifi | None:
    """Read an account, `name@home page`: the name may hold an @ itself, so the one that counts is the first before an IRI."""
    if CANONICAL.fullmatch(account):
        kind, _, written = account.partition("::")
        if not _is_keyable(written) or (kind == "account" and ifi.account_of(account) is None):
            return None
        return ifi.of_mbox(written) if kind == "mbox" else Ifi(account)
    for at in re.finditer("@", account):
        name, home_page = account[: at.start()], account[at.end() :]
        if name and IRI.fullmatch(home_page):
            return ifi.of_account(home_page, name)
    return None


_NOWHERE = {
    "aliases": "an alias is an IRI, such as https://lms.example/course/7; other names are codes",
    "channels": "a channel is written id@https://home.page, or as its IRI",
}


def _hash_of(identity: Ifi) -> Iterator[Ifi]:
    """Yield the hash by which statements may name *identity*, where that is an e-mail address."""
    if hashed := ifi.email_hash(identity):
        yield hashed


def _leads(column: str, written: str) -> bool:
    """Say whether what is *written* in *column* can be an alias or a channel of a course."""
    return IRI.fullmatch(written) is not None or (column == "channels" and _identity(written) is not None)


def _unkeyable(row: Row, column: str) -> Fault | None:
    """Return the fault of a cell that is a key, where it is too long for an index or a number that a spreadsheet has rounded."""
    if ROUNDED.fullmatch(row.text(column)):
        return Fault(row.line, column, f"{row.text(column)!r} was rounded by a spreadsheet; import the file as it was exported")
    return None if _is_keyable(row.text(column)) else Fault(row.line, column, f"is longer than {MAX_BYTES} bytes")


def _is_keyable(text: str) -> bool:
    return bounded(text) == text

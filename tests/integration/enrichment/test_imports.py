"""CSV imports: good rows are taken, bad rows are told with their line, twice is once."""

from __future__ import annotations

import pytest

from services.enrichment.domain.people import imported_learner
from services.enrichment.imports import Fault, Kind
from shared.postgres import Query
from shared.xapi import ifi
from shared.xapi.vocabulary import Verb
from tests.integration.enrichment.conftest import House
from tests.support.conversation import COURSE, HOME, recorded, statement

COURSES = f"iri;title;codes\n{COURSE};Python 101;PY101|PY-101\n".encode("utf-8-sig")
REFERRED = Query("SELECT learner FROM learner_reference WHERE kind = 'mbox_sha1sum' AND value = $1")


async def count(house: House, table: str) -> int:
    return int(await house.database.fetchval(Query(f"SELECT count(*) FROM {table}")))  # noqa: S608  a test's own table name


async def test_importing_twice_changes_nothing_the_second_time(house: House) -> None:
    people = f"external_id,name,email,accounts\nHR-1,Ada,ada@acme.example,ada@{HOME}|a.l@https://forum.example\n".encode()

    first = await house.importer.take(Kind.PEOPLE, people)
    second = await house.importer.take(Kind.PEOPLE, people)

    assert (first.taken, second.taken, second.changed) == (1, 1, 0)
    assert await count(house, "alias") == 4
    assert await count(house, "relink") == 1


async def test_a_dry_run_tells_what_would_happen_and_changes_nothing(house: House) -> None:
    report = await house.importer.take(Kind.COURSES, COURSES, dry_run=True)

    assert (report.taken, report.changed, await count(house, "course")) == (1, 1, 0)


async def test_bad_rows_are_told_by_line_and_their_neighbours_are_taken(house: House) -> None:
    await house.importer.take(Kind.COURSES, COURSES)
    content = (
        b"external_id,course,from,to\n"
        b"HR-1,PY101,2026-01-01,\n"
        b"HR-2,COBOL,2026-01-01,\n"
        b'"HR\n-3",PY101,someday,\n'
        b"\n"
        b"HR-4,PY101,2026-02-01,2026-01-01\n"
        b",PY101,,\n"
        b"HR-5,PY101,,,,too,many\n"
        b"HR-6,https://lms.example/course/python-101,,\n"
    )

    report = await house.importer.take(Kind.ENROLMENTS, content)

    assert [(fault.line, fault.column) for fault in report.faults] == [
        (3, "course"), (4, "from"), (7, "to"), (8, "external_id"), (9, ""),
    ]  # fmt: skip
    assert report.taken == 2


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", Fault(1, "", "")),
        (b"name\nAda\n", Fault(1, "external_id", "")),
        (b"external_id,salary\nHR-1,5\n", Fault(1, "salary", "")),
        (b"external_id,name,Name\nHR-1,Ada,\n", Fault(1, "name", "")),
        (b"external_id,name\nHR-1,\xff\n", Fault(2, "name", "")),
        (b'external_id,name\nHR-1,"x\n', Fault(2, "", "")),
        (b"external_id,email\nHR-1,not an address\n", Fault(2, "email", "")),
        (b"external_id,accounts\nHR-1,no-home-page\n", Fault(2, "accounts", "")),
        (b"external_id,name\n1.04345E+15,Ada\n", Fault(2, "external_id", "")),
        (b"external_id,accounts\nHR-1,mbox::ada@acme.example\n", Fault(2, "accounts", "")),
        (b"external_id,name\nHR-1,A\x00\n", Fault(2, "name", "")),
    ],
    ids=[
        "empty",
        "no key column",
        "unknown column",
        "column twice",
        "not UTF-8",
        "not CSV",
        "e-mail",
        "account",
        "rounded",
        "no IFI",
        "NUL",
    ],
)
async def test_a_file_or_row_that_cannot_be_read_says_where(house: House, content: bytes, fault: Fault) -> None:
    report = await house.importer.take(Kind.PEOPLE, content)

    assert [(one.line, one.column) for one in report.faults] == [(fault.line, fault.column)]
    assert report.taken == 0


async def test_a_quote_that_never_closes_costs_only_the_rows_behind_it(house: House) -> None:
    report = await house.importer.take(Kind.PEOPLE, b'external_id,name\nHR-1,Ada\n,Nobody\nHR-2,"Bob\nHR-3,Cy\n')

    assert report.taken == 1
    assert [fault.line for fault in report.faults] == [3, 4]


async def test_an_account_of_somebody_else_is_refused_and_never_moved(house: House) -> None:
    await house.importer.take(Kind.PEOPLE, f"external_id,accounts\nHR-1,ada@{HOME}\n".encode())

    report = await house.importer.take(Kind.PEOPLE, f"external_id,accounts\nHR-2,ada@{HOME}\nHR-3,cy@{HOME}\n".encode())

    assert [fault.line for fault in report.faults] == [2]
    assert report.taken == 1


async def test_an_account_may_be_called_by_an_address_and_an_address_is_one_however_it_is_written(house: House) -> None:
    people = (
        f"external_id,email,accounts\nHR-1,mailto:Ada.L@ACME.example,ada@acme.example@{HOME}\nHR-2,ada.l@acme.example,\n".encode()
    )

    report = await house.importer.take(Kind.PEOPLE, people)

    known = {row["ifi"] for row in await house.database.fetch(Query("SELECT ifi FROM alias"))}
    assert {f"account::ada@acme.example@{HOME}", "mbox::mailto:Ada.L@acme.example", "mbox::mailto:ada.l@acme.example"} < known
    assert [(fault.line, fault.column) for fault in report.faults] == [(3, "email")]


async def test_an_address_given_as_an_identifier_is_known_by_its_hash_too(house: House) -> None:
    by_address = {**statement("one", "ada", Verb.POSTED, "m1"), "actor": {"mbox": "mailto:ada@acme.example"}}
    by_hash = {**statement("two", "ada", Verb.POSTED, "m2"), "actor": {"mbox_sha1sum": ifi.sha1sum("mailto:ada@acme.example")}}

    await house.importer.take(Kind.PEOPLE, b"external_id,accounts\nHR-1,mbox::mailto:ada@ACME.example\n")
    await house.hear(recorded(by_address, 1), recorded(by_hash, 2))

    assert {one.learner for one in house.known().values()} == {str(imported_learner("HR-1"))}


@pytest.mark.parametrize("address", ["Ada.L@new.example", "ada.l@new.example", "ada@old.example"])
async def test_a_person_is_found_by_the_hash_of_each_address_that_leads_to_them(house: House, address: str) -> None:
    for email in ("ada@old.example", "Ada.L@new.example"):
        await house.importer.take(Kind.PEOPLE, f"external_id,email\nHR-1,{email}\n".encode())

    found = await house.database.fetch(REFERRED, ifi.sha1sum(f"mailto:{address}"))

    assert {row["learner"] for row in found} == {imported_learner("HR-1")}


async def test_a_name_of_several_courses_enrols_in_none_of_them(house: House) -> None:
    courses = b"iri,title,codes\nhttps://lms.example/1,One,PY|PY1\nhttps://lms.example/2,Two,PY\n"
    await house.importer.take(Kind.COURSES, courses)

    report = await house.importer.take(Kind.ENROLMENTS, b"external_id,course,from\nHR-1,PY,\nHR-1,PY1,2026-01-02T08:00:00Z\n")

    assert [(fault.line, fault.column) for fault in report.faults] == [(2, "course")]
    assert str(await house.database.fetchval(Query("SELECT valid_from FROM enrolment"))) == "2026-01-02"


@pytest.mark.parametrize(
    ("column", "cell"), [("aliases", "Python 101"), ("channels", "general"), ("urls", '"https://a.example, https://b.example"')]
)
async def test_a_course_is_not_found_by_what_nothing_could_name(house: House, column: str, cell: str) -> None:
    report = await house.importer.take(Kind.COURSES, f"iri,title,{column}\n{COURSE},Python 101,{cell}\n".encode())

    assert [(fault.line, fault.column) for fault in report.faults] == [(2, column)]


async def test_a_person_known_by_an_account_alone_becomes_the_imported_one(house: House) -> None:
    await house.hear(recorded(statement("hello", "ada", Verb.POSTED, "m1"), 1))
    provisional = next(iter(house.known().values())).learner

    await house.importer.take(Kind.PEOPLE, f"external_id,accounts\nHR-1,ada@{HOME}\n".encode())
    await house.relink()

    known = next(iter(house.known().values()))
    assert (known.learner, known.learner_before) == (str(imported_learner("HR-1")), provisional)
    assert await count(house, "learner") == 1


async def test_what_an_import_of_everybody_touches_is_looked_for_some_people_at_a_time(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.enrichment.jobs.PEOPLE", 2)
    await house.hear(*(recorded(statement(f"q{at}", f"p{at}", Verb.ASKED, f"m{at}"), at) for at in range(1, 6)))

    people = "".join(f"HR-{at},p{at}@{HOME}\n" for at in range(1, 6))
    await house.importer.take(Kind.PEOPLE, f"external_id,accounts\n{people}".encode())
    await house.relink()

    assert {one.learner for one in house.known().values()} == {str(imported_learner(f"HR-{at}")) for at in range(1, 6)}


async def test_an_import_of_everybody_leaves_jobs_whose_lists_are_short(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.enrichment.imports.store.ROWS", 2)

    people = "".join(f"HR-{at},p{at}@{HOME}\n" for at in range(3))
    await house.importer.take(Kind.PEOPLE, f"external_id,accounts\n{people}".encode())

    jobs = await house.database.fetch(Query("SELECT cardinality(identities) FROM relink ORDER BY id"))
    assert [size for (size,) in jobs] == [2, 1]


async def test_a_course_that_comes_late_links_what_was_said_before(house: House) -> None:
    await house.hear(recorded(statement("ask", "ada", Verb.ASKED, "m1", text=f"About {COURSE}."), 1))

    await house.importer.take(Kind.COURSES, COURSES)
    await house.relink()

    assert next(iter(house.known().values())).links[0].course == COURSE
    assert await count(house, "relink") == 0


async def test_an_enrolment_that_comes_late_is_said_of_what_was_done_before(house: House) -> None:
    await house.importer.take(Kind.COURSES, COURSES)
    await house.importer.take(Kind.PEOPLE, f"external_id,accounts\nHR-1,ada@{HOME}\nHR-2,bob@{HOME}\n".encode())
    await house.hear(
        recorded(statement("ask", "ada", Verb.ASKED, "m1", text=f"About {COURSE}."), 1),
        recorded(statement("like", "bob", Verb.LIKED, "m1"), 2),
    )

    await house.importer.take(Kind.ENROLMENTS, b"external_id,course\nHR-1,PY-101\n")
    await house.relink()

    like = next(one for one in house.known().values() if one.verb == Verb.LIKED)
    assert [(link.actor_enrolled, link.author_enrolled) for link in like.links] == [(False, True)]


@pytest.mark.parametrize(
    ("kind", "header", "row", "column"),
    [
        (Kind.PEOPLE, "external_id,accounts", "{book},", "external_id"),
        (Kind.PEOPLE, "external_id,accounts", "HR-2,openid::https://{book}", "accounts"),
        (Kind.COURSES, "iri,title", "https://lms.example/{book},Book", "iri"),
    ],
)
async def test_a_key_that_no_index_takes_is_told_and_the_other_rows_are_taken(
    house: House, kind: Kind, header: str, row: str, column: str
) -> None:
    book = "".join(map(str, range(2_000)))
    good = "https://lms.example/1,One" if kind is Kind.COURSES else "HR-1,"

    report = await house.importer.take(kind, "\n".join([header, row.format(book=book), good]).encode())

    assert report.taken == 1
    assert [(fault.line, fault.column) for fault in report.faults] == [(2, column)]

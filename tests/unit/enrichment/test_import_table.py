"""CSV files of people, courses and enrolments, as spreadsheets and other systems write them."""

from __future__ import annotations

import pytest

from services.enrichment.imports.table import Columns, Fault, Row, read

TABLE = "external_id{0}name\r\nHR-1{0}Čeněk\r\n"
PEOPLE = Columns(required=["external_id"], optional=["name", "accounts"])
FOUND = Row(2, {"external_id": "HR-1", "name": "Čeněk"})


def parted(content: bytes, columns: Columns) -> tuple[list[Row], list[Fault]]:
    """Part the rows of a file from what is wrong with it."""
    found = list(read(content, columns))
    return [each for each in found if isinstance(each, Row)], [each for each in found if isinstance(each, Fault)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_delimiter_is_found_in_the_header(delimiter: str, encoding: str) -> None:
    rows, faults = parted(TABLE.format(delimiter).encode(encoding), PEOPLE)

    assert (rows, faults) == ([FOUND], [])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (TABLE.format(",").encode("utf-16")[2:], "not UTF-8"),
        ("external_id,näme\n".encode("latin-1"), "not UTF-8"),
        (b"PK\x03\x04\x14\x00", "workbook"),
        (b"\r\n , ,\r\n", "empty"),
    ],
)
def test_a_file_that_is_something_else_is_told_as_such_and_not_column_by_column(content: bytes, reason: str) -> None:
    rows, faults = parted(content, PEOPLE)

    assert not rows
    assert [(fault.line, fault.column, reason in fault.reason) for fault in faults] == [(1, "", True)]


@pytest.mark.parametrize(
    "written",
    [
        "sep=;\r\nexternal_id;name\r\nHR-1;Čeněk\r\n",
        "\r\n,,\r\nExternal ID,NAME\r\nHR-1,Čeněk\r\n",
        "external_id,name,,\nHR-1,Čeněk,,\n",
        "external-id,name\nHR-1,Čeněk,,,\n\n,\nexternal-id,name\n",
        "external_id\rname\rHR-1".replace("\rname", ",name").replace("HR-1", "HR-1,Čeněk"),
    ],
    ids=["what Excel is told", "empty lines above", "columns without a name", "empty cells, and a header again", "CR"],
)
def test_what_other_systems_write_around_it_is_passed_over(written: str) -> None:
    rows, faults = parted(written.encode(), PEOPLE)

    assert [row.cells for row in rows] == [FOUND.cells]
    assert not faults


def test_a_cell_under_no_column_is_a_fault_on_its_own_line() -> None:
    content = b'sep=,\n\nexternal_id,name,\nHR-1,"of\ntwo lines",x\nHR-2,,,x\nHR-3,Cy\n'

    rows, faults = parted(content, PEOPLE)

    assert [row.line for row in rows] == [7]
    assert [fault.line for fault in faults] == [4, 6]


def test_columns_are_filled_from_what_the_file_calls_them_and_others_are_passed_over() -> None:
    filled = {
        "external_id": "Employee ID",
        "name": "{First} {Last}",
        "accounts": "{Login}@https://lms.example|{Chat}@https://c.example",
    }
    content = b"Employee ID,Salary,First,Last,Login,Chat\n7,5,Ada,Byron,ada,\n8,5,Bob,,,\n"

    rows, faults = parted(content, Columns(PEOPLE.required, PEOPLE.optional, filled))

    assert [row.cells for row in rows] == [
        {"external_id": "7", "name": "Ada Byron", "accounts": "ada@https://lms.example"},
        {"external_id": "8", "name": "", "accounts": ""},
    ]
    assert not faults


def test_whoever_chooses_a_login_chooses_no_account_beside_it() -> None:
    filled = {"external_id": "ID", "name": "{Last}, {First}", "accounts": "{Login}@https://lms.example"}
    content = b"ID,First,Last,Login\n7,Ada,Byron | Lovelace,ada\n8,Mal,Lory,mal@https://lms.example|ada\n"

    rows, faults = parted(content, Columns(PEOPLE.required, PEOPLE.optional, filled, lists=("accounts",)))

    assert [row.text("name") for row in rows] == ["Byron | Lovelace, Ada"]
    assert [(fault.line, fault.column) for fault in faults] == [(3, "accounts")]


def test_a_column_that_should_be_filled_from_one_that_is_not_there_is_told_with_those_that_are() -> None:
    rows, faults = parted(b"ID,Mail\n7,a@b.example\n", Columns(PEOPLE.required, PEOPLE.optional, {"external_id": "Employee ID"}))

    assert not rows
    assert [(fault.line, fault.column) for fault in faults] == [(1, "external_id")]
    assert "ID, Mail" in faults[0].reason


def test_unknown_columns_are_told_at_once_and_not_one_by_one() -> None:
    _, faults = parted(b"external_id,Salary,Hired\n7,1,2\n", PEOPLE)

    assert [(fault.column, "Salary, Hired" in fault.reason) for fault in faults] == [("", True)]


def test_a_cell_that_is_far_too_long_costs_only_its_row() -> None:
    rows, faults = parted(b'external_id,name\nHR-1,"' + b"x" * 300_000 + b'"\nHR-2,Bob\n', PEOPLE)

    assert [row.line for row in rows] == [3]
    assert faults == [Fault(2, "name", "is longer than 10000 characters")]


def test_rows_are_read_as_they_are_asked_for_so_that_a_large_file_is_not_held_twice() -> None:
    found = read(b'external_id\nHR-1\n"HR-2', PEOPLE)

    first = next(found)

    assert first == Row(2, {"external_id": "HR-1"})

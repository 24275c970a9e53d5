"""Files of rows: CSV, NDJSON and JSON, each row with its place; one that cannot be read is told, and the next is read."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from services.ingest.filing.rows import Fault, Row, read_csv, read_json, read_ndjson
from shared.spreadsheets import decoding_of


def test_csv_is_read_with_its_lines() -> None:
    lines = ["\ufeffid;said\n", "1;one\n", '2;"two\n', 'lines"\n', "\n", "3;x;y\n", "4;\udcff\n", "5\n"]

    rows = list(read_csv(lines))

    assert rows == [
        Row(2, {"id": "1", "said": "one"}),
        Row(3, {"id": "2", "said": "two\nlines"}),
        Fault(6, "3 cells under 2 columns"),
        Fault(7, "not UTF-8: save the file as UTF-8"),
        Row(8, {"id": "5"}),
    ]


@pytest.mark.parametrize("elsewhere", [1_000, 10_000_000])
def test_a_cell_that_is_far_too_long_is_a_fault_and_what_follows_is_read(elsewhere: int) -> None:
    before = csv.field_size_limit(elsewhere)
    rows = list(read_csv(["id\n", "x" * 300_000 + "\n", "y" * 150_000 + "\n"]))
    csv.field_size_limit(before)

    assert [type(row) for row in rows] == [Fault, Row]


def test_a_quote_that_never_closes_is_told_and_swallows_nothing_in_silence() -> None:
    rows = list(read_csv(["id,said\n", "1,one\n", '2,"two\n', "3,three\n"]))

    assert rows[0] == Row(2, {"id": "1", "said": "one"})
    assert [(row.line, type(row)) for row in rows[1:]] == [(3, Fault)]


def test_what_stands_above_and_behind_the_cells_is_passed_over() -> None:
    rows = list(read_csv(["sep=;\r\n", "\r\n", "id;said\r\n", "1;one;;\r\n", "2;two\r\n"]))

    assert rows == [Row(4, {"id": "1", "said": "one"}), Row(5, {"id": "2", "said": "two"})]


def test_quotes_behind_a_backslash_are_read_where_the_map_says_so() -> None:
    lines = ["Date,Message\n", r'1,"Back on the \"Hey, you\" team,' + "\n", r'said \"so.\""' + "\n", '2,"a ""b"" c"\n']

    rows = list(read_csv(lines, ("message",)))

    said = [row.cells["Message"] for row in rows if isinstance(row, Row)]
    assert said == ['Back on the "Hey, you" team,\nsaid "so."', 'a "b" c']


def test_an_empty_file_is_told() -> None:
    assert [type(row) for row in read_csv(["\n", ",,\n"])] == [Fault]


def test_ndjson_is_read_with_its_lines() -> None:
    lines = ['{"id": 1, "by": {"name": "a"}, "ok": true, "no": null, "many": [1]}\n', "\n", "{\n", "[]\n", '"\udcff"\n']

    rows = list(read_ndjson(lines))

    assert rows[0] == Row(1, {"id": "1", "by.name": "a", "ok": "true"})
    assert [row.line for row in rows[1:] if isinstance(row, Fault)] == [3, 4, 5]


def test_json_is_read_with_its_rows_counted() -> None:
    document = '{"a": [{"b": [{"id": 1}, 7]}, {"b": {"id": 2, "by": {"name": "x"}}}, {"c": 1}, []]}'

    assert list(read_json([document[:9], document[9:]], "a.b")) == [
        Row(1, {"id": "1"}),
        Fault(2, "not a JSON object"),
        Row(3, {"id": "2", "by.name": "x"}),
    ]
    assert list(read_json(['[{"id": 1}]'], "")) == [Row(1, {"id": "1"})]
    assert list(read_json(['{"a": []}'], "a.b")) == []
    assert list(read_json(['{"a": {"b": []}}'], "a.b")) == []


def test_json_that_is_about_something_else_is_told() -> None:
    error = '{"status": "error", "message": "Invalid query syntax"}'

    assert [type(row) for row in read_json([error], "data.items")] == [Fault]


@pytest.mark.parametrize("text", ["", "{", "\udcff"])
def test_what_is_no_json_is_a_fault(text: str) -> None:
    assert [type(each) for each in read_json([text], "a")] == [Fault]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be"])
def test_what_spreadsheets_save_is_read_by_how_it_begins(encoding: str, tmp_path: Path) -> None:
    file = tmp_path / "export.txt"
    mark = "\ufeff" if encoding.startswith("utf-16") else ""
    file.write_bytes(f"{mark}id\tsaid\r\n7\tGr\u00fc\u00dfe, allerseits\r\n".encode(encoding))

    with file.open(encoding=decoding_of(file.read_bytes()[:2]).encoding, newline="") as lines:
        rows = list(read_csv(lines))

    assert rows == [Row(2, {"id": "7", "said": "Gr\u00fc\u00dfe, allerseits"})]

"""CSV files of people, courses and enrolments, as spreadsheets write them."""

from __future__ import annotations

import pytest

from services.enrichment.imports.table import Fault, Row, read

TABLE = "external_id{0}name\r\nHR-1{0}Čeněk\r\n"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_the_delimiter_is_found_in_the_header(delimiter: str, encoding: str) -> None:
    rows, faults = read(TABLE.format(delimiter).encode(encoding), required=["external_id"], optional=["name"])

    assert rows == [Row(2, {"external_id": "HR-1", "name": "Čeněk"})]
    assert not faults


@pytest.mark.parametrize("content", [TABLE.format("\t").encode("utf-16"), "external_id,näme\n".encode("latin-1")])
def test_a_file_in_another_encoding_is_told_as_such_and_not_column_by_column(content: bytes) -> None:
    rows, faults = read(content, required=["external_id"], optional=["name"])

    assert not rows
    assert faults == [Fault(1, "", "the file is not UTF-8; save it as CSV UTF-8")]

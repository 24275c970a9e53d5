"""What the names of files say of what is in them, on the way out and on the way in."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from services.gateway.moving.input import BadFile, open_input
from services.gateway.moving.output import Destination, Format, NoOutput
from services.gateway.moving.rows import Row

MOST = 1000


@pytest.mark.parametrize(
    ("name", "form", "archive", "compressed"),
    [
        ("all.ndjson", Format.NDJSON, False, False),
        ("all.jsonl.gz", Format.NDJSON, False, True),
        ("all.2025.csv", Format.CSV, False, False),
        ("all.csv.gz", Format.CSV, False, True),
        ("all.tar.gz", Format.NDJSON, True, False),
        ("all.2025.tgz", Format.NDJSON, True, False),
        ("all.csv.tar.gz", Format.CSV, True, False),
    ],
)
def test_the_name_of_an_export_says_what_is_written(name: str, form: Format, *, archive: bool, compressed: bool) -> None:
    named = Destination.named(Path(name), None)

    assert (named.form, named.archive, named.compressed) == (form, archive, compressed)


@pytest.mark.parametrize("name", ["x.pdf", "x.xlsx", "x.json", "x.gz", "x.csv.zip", "x", "-"])
def test_a_name_that_says_nothing_is_refused_with_those_that_do(name: str) -> None:
    with pytest.raises(NoOutput, match=r"\.ndjson, \.jsonl, \.csv, each also with \.gz .* \.tar\.gz or \.tgz; .*--format"):
        Destination.named(Path(name), None)


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize("name", ["x.pdf", "x", "x.ndjson", "x.csv.tar.gz"])
def test_a_form_that_is_said_is_taken_whatever_the_name(name: str, form: Format) -> None:
    assert Destination.named(Path(name), form).form is form


@pytest.mark.parametrize("name", ["x.pdf", "x.xlsx.gz", "x"])
def test_an_import_of_what_neither_its_name_nor_its_beginning_explains_is_refused(tmp_path: Path, name: str) -> None:
    content = b"%PDF-1.7\n%\xe2\xe3\n"
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)

    with (
        pytest.raises(BadFile, match=r"\.ndjson, \.jsonl, \.csv, \.json, each with or without \.gz, or \.tar\.gz or \.tgz\.$"),
        open_input(tmp_path / name, MOST, None),
    ):
        pass


@pytest.mark.parametrize(("name", "content"), [("x.txt", b'\xef\xbb\xbf {"a": 1}\n'), ("x", b'[{"a": 1}]'), ("x.log", b"")])
def test_an_import_reads_json_whatever_its_name(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)

    with open_input(tmp_path / name, MOST, None) as opened:
        rows = list(opened.rows)

    assert [row.body.strip() for row in rows if isinstance(row, Row)] == [b'{"a": 1}'] * bool(content)


def test_an_import_of_ndjson_goes_on_behind_a_line_that_is_no_json(tmp_path: Path) -> None:
    (tmp_path / "x.ndjson").write_bytes(b'nonsense\n{"a": 1}\n')

    with open_input(tmp_path / "x.ndjson", MOST, None) as opened:
        assert [row.line for row in opened.rows] == [1, 2]

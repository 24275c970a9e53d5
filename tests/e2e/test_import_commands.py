"""`symposia import` as people type it, with the files that other systems write."""

from __future__ import annotations

import gzip
from pathlib import Path

from tests.support.cli import symposia

EXPORT = "sep=;\r\nEmployee ID;First;Last;Work Email;Login;Hired\r\n7;Ada;Byron;ADA@acme.example;ada;2020-01-01\r\n"
COLUMNS = (
    "--column", "external_id=Employee ID", "--column", "name={First} {Last}", "--column", "email=Work Email",
    "--column", "accounts={Login}@https://lms.acme.example",
)  # fmt: skip


def test_an_export_is_imported_as_it_is_once_its_columns_are_named(home: Path, tmp_path: Path, database_url: str) -> None:
    packed = tmp_path / "workers.csv.gz"
    packed.write_bytes(gzip.compress(EXPORT.encode("utf-16")))
    told = {"DATABASE_URL": database_url, "COLUMNS": "200"}

    plain = symposia("import", "people", "-", "--home", home, stdin=EXPORT, **told)
    taken = symposia("import", "people", "-", *COLUMNS, "--home", home, stdin=EXPORT, **told)
    again = symposia("import", "people", packed, *COLUMNS, "--home", home, **told)

    assert (plain.returncode, taken.returncode, again.returncode) == (1, 0, 0), plain.stderr + taken.stderr + again.stderr
    assert "--column external_id=HEADER" in plain.stderr
    assert "standard input" in plain.stderr
    assert "1 person taken." in taken.stdout
    assert "nothing of it is new" in again.stdout


def test_a_file_that_cannot_be_read_is_a_sentence(home: Path, tmp_path: Path, database_url: str) -> None:
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(gzip.compress(EXPORT.encode())[:40])

    damaged = symposia("import", "people", cut, "--home", home, DATABASE_URL=database_url)
    missing = symposia("import", "people", tmp_path / "missing.csv", "--home", home, DATABASE_URL=database_url)
    unknown = symposia("import", "people", cut, "--column", "salary=Pay", "--home", home, DATABASE_URL=database_url)

    assert (damaged.returncode, missing.returncode, unknown.returncode) == (1, 2, 1)
    assert "cut.csv.gz cannot be unpacked" in damaged.stderr
    assert "does not exist" in missing.stderr
    assert "external_id, name, email, accounts" in unknown.stderr

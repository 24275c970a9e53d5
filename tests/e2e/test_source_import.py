"""`symposia source import` as people type it."""

from __future__ import annotations

import gzip
from pathlib import Path
from subprocess import CompletedProcess

from tests.support.cli import symposia

EXPORTS = Path(__file__).parents[1] / "unit/ingest/exports"
YAMMER = "https://www.yammer.com/acme.example"


def test_an_export_is_tried_then_imported_and_its_bad_rows_are_listed(home: Path, database_url: str) -> None:
    def source(*arguments: str | Path, status: int = 0) -> str:
        answer = symposia("source", *arguments, "--home", home, DATABASE_URL=database_url, COLUMNS="200")
        assert answer.returncode == status, answer.stdout + answer.stderr
        return answer.stdout + answer.stderr

    file = EXPORTS / "viva_engage_messages.csv"
    added = source("add", "engage", "viva-engage", YAMMER)
    tried = source("import", "engage", file, "--dry-run", status=1)
    imported = source("import", "engage", file, status=1)
    again = source("import", "engage", file, status=1)

    assert "source import engage FILE" in added
    assert "files" in source("list")
    assert "10 rows of viva_engage_messages.csv would be taken so" in tried
    assert "2 rows of viva_engage_messages.csv were not taken" in imported
    assert "happened ({created_at}) is not a time" in imported
    assert imported == again
    assert "no webhook" in source("test", "engage", status=1)


def test_standard_input_and_packed_files_are_read_and_who_an_export_is_of_is_asked_for(
    home: Path, tmp_path: Path, database_url: str
) -> None:
    def source(*arguments: str | Path, stdin: str = "") -> CompletedProcess[str]:
        return symposia("source", *arguments, "--home", home, stdin=stdin, DATABASE_URL=database_url)

    file, packed = EXPORTS / "linkedin_comments.csv", tmp_path / "Comments.csv.gz"
    packed.write_bytes(gzip.compress(file.read_bytes()))
    source("add", "li", "linkedin", "https://www.linkedin.com")
    nobody = source("import", "li", file)
    piped = source("import", "li", "-", "--actor", "ada", "--dry-run", stdin=file.read_text())
    unpacked = source("import", "li", packed, "--actor", "ada")
    packed.write_bytes(packed.read_bytes()[:-20])
    damaged = source("import", "li", packed, "--actor", "ada")

    assert (nobody.returncode, piped.returncode, unpacked.returncode, damaged.returncode) == (1, 0, 0, 1)
    assert "--actor" in nobody.stderr
    assert "2 rows of standard input would be taken so" in piped.stdout
    assert "2 rows of Comments.csv.gz" in unpacked.stdout
    assert "cannot be unpacked" in damaged.stderr


def test_a_source_or_a_map_that_is_not_there_is_told(home: Path, database_url: str) -> None:
    file = EXPORTS / "linkedin_shares.csv"
    nobody = symposia("source", "import", "nobody", file, "--home", home, DATABASE_URL=database_url)
    symposia("source", "add", "li", "linkedin", "https://www.linkedin.com", "--home", home, DATABASE_URL=database_url)
    no_map = symposia("source", "import", "li", file, "--map", "orkut", "--home", home, DATABASE_URL=database_url)

    assert (nobody.returncode, no_map.returncode) == (1, 1)
    assert "no source called 'nobody'" in nobody.stderr
    assert "khoros, linkedin, salesforce, skype, viva-engage" in no_map.stderr

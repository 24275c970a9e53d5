"""Named queries: what a file must say."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.postgres import Query, load_queries


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    def write(text: str) -> str:
        folder = tmp_path / "queries_of_a_test"
        folder.mkdir()
        (folder / "queries.sql").write_text(text, encoding="utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(sys.modules, folder.name, raising=False)
        return folder.name

    return write


def test_queries_are_found_by_name_with_their_comments(package: Callable[[str], str]) -> None:
    name = package("-- name: first\n-- Return one.\nSELECT 1;\n\n-- name: second\n-- Return\n-- two.\nSELECT 2\n")

    assert load_queries(name) == {
        "first": Query("-- Return one.\nSELECT 1;"),
        "second": Query("-- Return\n-- two.\nSELECT 2"),
    }


def test_loaded_queries_cannot_be_changed(package: Callable[[str], str]) -> None:
    queries = load_queries(package("-- name: first\n-- Return one.\nSELECT 1\n"))

    with pytest.raises(TypeError):
        queries["first"] = Query("SELECT 2")  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("SELECT 1;\n", "text stands before"),
        ("-- a heading\n-- name: one\n-- One.\nSELECT 1\n", "text stands before"),
        ("-- name: One Thing\n-- One.\nSELECT 1\n", "is not a name for a query"),
        ("-- name: \n-- One.\nSELECT 1\n", "is not a name for a query"),
        ("-- name: one\nSELECT 1\n", "one has no comment"),
        ("-- name: one\n--\nSELECT 1\n", "one has no comment"),
        ("-- name: one\n", "one has no comment"),
        ("-- name: one\n-- One.\n\n-- name: two\n-- Two.\nSELECT 2\n", "one has no SQL"),
        ("-- name: one\n-- One.\nSELECT 1\n-- name: one\n-- One.\nSELECT 1\n", "one stands there twice"),
    ],
)
def test_a_careless_file_is_refused_with_its_place(package: Callable[[str], str], text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint) as raised:
        load_queries(package(text))

    assert "queries_of_a_test/queries.sql" in str(raised.value)


@pytest.mark.parametrize("package", ["services.enrichment", "services.scoring"])
def test_rows_of_a_digest_come_in_one_order_whatever_the_database_sorts_text_by(package: str) -> None:
    # Read, not run: the PostgreSQL of the tests has no other order to sort by, so every digest would agree there.
    assert load_queries(package)["digest_rows"].rstrip("\n;").endswith('ORDER BY name, line COLLATE "C"')

"""Migrations as files: what a folder must hold."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from services.targets import TARGETS
from shared.errors import Misconfigured
from shared.postgres import Target, expected_versions, print_roles
from shared.postgres.migration_files import migrations


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    def write(*names: str) -> str:
        folder = tmp_path / "migrations_of_a_test"
        folder.mkdir()
        for name in names:
            (folder / name).write_text("SELECT 1;\n", encoding="utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(sys.modules, folder.name, raising=False)
        return folder.name

    return write


def test_files_come_in_the_order_of_their_numbers(package: Callable[..., str]) -> None:
    found = migrations(package("0002_then.sql", "0001_first.sql", "0003_last.sql", "grants.sql", "README.md"))

    assert [str(migration) for migration in found] == [
        "migrations_of_a_test/0001_first.sql",
        "migrations_of_a_test/0002_then.sql",
        "migrations_of_a_test/0003_last.sql",
    ]


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        ((), "holds no migration"),
        (("0002_second.sql",), "0002_second.sql stands where number 0001 should"),
        (("0001_a.sql", "0003_c.sql"), "0003_c.sql stands where number 0002 should"),
        (("0001_a.sql", "0001_b.sql"), "stands where number 0002 should"),
        (("1_a.sql",), "1_a.sql is not the name of a migration"),
        (("0001-a.sql",), "0001-a.sql is not the name of a migration"),
    ],
)
def test_a_careless_folder_is_refused(package: Callable[..., str], names: tuple[str, ...], complaint: str) -> None:
    with pytest.raises(Misconfigured, match=complaint):
        migrations(package(*names))


def test_a_missing_folder_is_refused() -> None:
    with pytest.raises(Misconfigured, match="no folder of migrations"):
        migrations("shared.nowhere")


def test_line_ends_do_not_change_a_checksum(package: Callable[..., str], tmp_path: Path) -> None:
    name = package("0001_a.sql")
    before = migrations(name)[0].checksum

    (tmp_path / name / "0001_a.sql").write_bytes(b"SELECT 1;\r\n")

    assert migrations(name)[0].checksum == before


def test_every_services_migrations_are_in_order() -> None:
    for target in TARGETS:
        assert all(number >= 1 for number in expected_versions(target.packages).values())


def test_an_administrator_is_told_which_roles_to_create() -> None:
    told = print_roles([Target("lrs", ()), Target("impact", ())])

    assert 'CREATE ROLE "symposia_lrs" NOLOGIN;' in told
    assert 'CREATE ROLE "symposia_impact" NOLOGIN;' in told

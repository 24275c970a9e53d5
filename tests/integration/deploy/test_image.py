"""The image's recipe and the lock files it is made from."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
LOCKS = ("requirements.lock", "requirements-dev.lock")
PINNED = re.compile(r"[a-z0-9._-]+==\S+( ; .+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?")


def test_hadolint_finds_nothing() -> None:
    hadolint = shutil.which("hadolint", path=str(Path(sys.executable).parent))

    assert hadolint is not None
    linted = subprocess.run([hadolint, str(DOCKERFILE)], capture_output=True, text=True, timeout=60, check=False)

    assert linted.returncode == 0, linted.stdout


def test_the_last_stage_runs_as_nobody_special_and_builds_nothing() -> None:
    last = DOCKERFILE.read_text("utf-8").split("\nFROM ")[-1]

    assert "USER 10001:10001" in last
    assert "HEALTHCHECK" in last
    assert not re.search(r"apt-get|pip install|gcc", last)


def test_what_the_image_copies_is_there_and_is_not_ignored() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    copied = {
        name
        for line in DOCKERFILE.read_text("utf-8").splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for name in line.split()[1:-1]
    }

    assert copied == let_in
    assert all((ROOT / name).exists() for name in copied)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_has_versions_and_hashes_and_names_no_registry(lock: str) -> None:
    lines = (ROOT / lock).read_text("utf-8").splitlines()

    assert not [line for line in lines if not PINNED.fullmatch(line)]

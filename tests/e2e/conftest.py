"""An installation without services, for commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.installation import Home


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return the folder of an installation that has its key, and nothing that runs."""
    made = Home.at(tmp_path / "home")
    made.make()
    return made.path

"""Which tests run first, which together, and by what name: two processes share them file by file, long ones first."""

from __future__ import annotations

from typing import Any, Final

import pytest
from xdist.scheduler import LoadFileScheduling

LONGEST_FIRST: Final = (
    "tests/faults/crash/",
    "tests/faults/simulation/",
    "tests/faults/outages/",
    "tests/e2e/",
    "tests/contract/",
    "tests/property/",
    "tests/integration/",
)
TOGETHER: Final = ("tests/faults/crash/",)
"""Folders whose files share what takes long to make: one process runs them all."""


class Scheduling(LoadFileScheduling):  # type: ignore[misc]  # xdist ships no py.typed
    """Give each process a file at a time, or a folder that belongs together, in the order in which they were collected."""

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in TOGETHER if nodeid.startswith(folder)), nodeid.partition("::")[0])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    config.option.loadscopereorder = False
    return Scheduling(config, log)


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name bytes by their number where they are no text: packed ones hold the time, and two processes must name a test alike."""
    if isinstance(val, bytes) and not (val.isascii() and val.decode("ascii").isprintable()):
        return f"{len(val)} bytes"
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _place(item.nodeid))


def _place(nodeid: str) -> int:
    return next((place for place, folder in enumerate(LONGEST_FIRST) if nodeid.startswith(folder)), len(LONGEST_FIRST))

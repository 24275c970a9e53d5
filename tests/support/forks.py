"""Processes that begin with everything imported: forks of one server, which has no loop, no threads and no connections."""

from __future__ import annotations

import multiprocessing
from typing import Final

FORKS: Final = multiprocessing.get_context("forkserver")
"""Where tests start processes of ours that are many; what all of them need is imported once, here."""

FORKS.set_forkserver_preload(["services.together", "typer", "rich.progress", "tests.faults.crash.member"])

"""Processes that begin with everything imported: forks of one server, which has no loop, no threads and no connections."""

from __future__ import annotations

import multiprocessing
from typing import Final

FORKS: Final = multiprocessing.get_context("forkserver")
"""The context in which tests start many processes of ours; it imports once what all of them need."""

FORKS.set_forkserver_preload(["services.together", "typer", "rich.progress", "tests.faults.crash.member"])

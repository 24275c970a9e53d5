"""What a process that serves asks of its machine: files, memory that is given back, and a collector that is spared."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import resource
from typing import Final

MOST_FILES: Final = 65_536
"""Connections and files that a process may have open, where its administrator allows as many."""

_M_ARENA_MAX: Final = -8


def prepare_to_serve() -> None:
    """Ask for what a process that serves needs. Call it before there are threads: those that exist keep their heaps."""
    open_many_files()
    give_memory_back()


def open_many_files() -> None:
    """Allow this process as many open files as it may be allowed: a shell, systemd and Docker begin with 1,024.

    Without one left, who keeps a connection to a door keeps PostgreSQL and Kafka from us.
    """
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if most == resource.RLIM_INFINITY else min(MOST_FILES, most)
    if resource.RLIM_INFINITY != allowed < wanted:
        with contextlib.suppress(OSError, ValueError):  # macOS has a limit of its own below the one that it tells
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def give_memory_back() -> None:
    """Let glibc keep one heap for all threads (mallopt(3)).

    By default each thread gets a heap of its own, which stays as large as the largest body that the thread has read. Other C
    libraries have no such function, and are left as they are.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)


def spare_the_collector() -> None:
    """Keep what was made until now, such as modules and compiled schemas, out of every collection: it stays for ever."""
    gc.collect()
    gc.freeze()

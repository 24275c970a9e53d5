"""What the processes of a benchmark use: CPU time and memory by kind of process, read from /proc (Linux)."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

TICKS: Final = os.sysconf("SC_CLK_TCK")
PARENT, USER_TIME, SYSTEM_TIME, CHILDREN_USER, CHILDREN_SYSTEM = 1, 11, 12, 13, 14
MEGABYTE: Final = 1024
"""KiB."""


class _Process(NamedTuple):
    """A process as /proc tells of it: its name, and the fields of its stat line behind the name."""

    name: str
    fields: tuple[str, ...]

    @property
    def parent(self) -> int:
        return int(self.fields[PARENT])

    @property
    def seconds(self) -> float:
        return sum(int(self.fields[place]) for place in (USER_TIME, SYSTEM_TIME, CHILDREN_USER, CHILDREN_SYSTEM)) / TICKS


def cpu_seconds(named: Mapping[int, str]) -> Counter[str]:
    """Return the CPU time, children that ended included, of the processes *named* (pid → kind), `postgres` and `kafka`."""
    spent: Counter[str] = Counter()
    for pid, kind, process in _ours(named):
        del pid
        spent[kind] += process.seconds  # type: ignore[assignment]  # a counter of seconds
    return spent


def memory_megabytes(named: Mapping[int, str]) -> Counter[str]:
    """Return the proportional set size of the processes *named* (pid → kind), `postgres` and `kafka`."""
    held: Counter[str] = Counter()
    for pid, kind, _ in _ours(named):
        held[kind] += _proportional(pid)  # type: ignore[assignment]  # a counter of megabytes
    return held


def descendants_megabytes(pid: int) -> float:
    """Return the proportional set size of a process and all that it started, directly or not."""
    everyone = dict(_processes())
    return sum(_proportional(each) for each in everyone if _descends(each, pid, everyone))


def load() -> str:
    """Say how busy the machine is: the load averages of 1 and 5 minutes over its number of cores."""
    one, five, _ = os.getloadavg()
    return f"load {one:.1f} / {five:.1f} on {os.cpu_count()} cores"


def _ours(named: Mapping[int, str]) -> Iterator[tuple[int, str, _Process]]:
    """Yield the servers that this process has started, each with its kind."""
    everyone = dict(_processes())
    for pid, process in everyone.items():
        kind = named.get(pid) or {"postgres": "postgres", "java": "kafka"}.get(process.name)
        if kind and _descends(pid, os.getpid(), everyone):
            yield pid, kind, process


def _processes() -> Iterator[tuple[int, _Process]]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                line = (folder / "stat").read_text()
            except OSError:
                continue  # it ended meanwhile
            before, _, behind = line.rpartition(")")
            yield int(folder.name), _Process(before.partition("(")[2], tuple(behind.split()))


def _descends(pid: int, ancestor: int, everyone: Mapping[int, _Process]) -> bool:
    while pid in everyone:
        if pid == ancestor:
            return True
        pid = everyone[pid].parent
    return False


def _proportional(pid: int) -> float:
    """Return the memory of a process, shared pages divided among those who share them."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / MEGABYTE

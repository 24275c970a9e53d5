"""Measure how long a newcomer waits: `python -m benchmarks.start`.

The checkout, as it is committed, is cloned into an empty folder, with an empty HOME. `make demo` sets up what it needs there and
plays to its table; then `symposia up` starts for the first time in a home of its own, and again in the same one.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.idle import told_nothing, up
from benchmarks.usage import load

CHECKOUT: Final = Path(__file__).resolve().parents[1]
DEMO_SECONDS, UP_SECONDS = 180.0, 10.0
"""What is to be reached."""


@dataclass(frozen=True, slots=True)
class Start:
    """What was started, in how many seconds, and within how many it is to be."""

    what: str
    seconds: float
    limit: float

    @property
    def reached(self) -> bool:
        """Say whether it was soon enough."""
        return self.seconds < self.limit


async def measure(folder: Path) -> list[Start]:
    """Clone into *folder*, and start everything there."""
    clone, home = folder / "symposia", folder / "home"
    home.mkdir()
    environment = {**told_nothing(), "HOME": str(home), "SYMPOSIA_HTTP__PORT": "0"}
    demo = await _seconds_of("git", "clone", "--quiet", str(CHECKOUT), str(clone), environment=environment)
    demo += await _seconds_of("make", "--silent", "-C", str(clone), "demo", environment=environment)
    command = [str(clone / ".venv" / "bin" / "symposia")]
    return [
        Start("bare clone → table of make demo", demo, DEMO_SECONDS),
        Start("symposia up, ready, first start", await _seconds_until_up(command, folder / "up"), UP_SECONDS),
        Start("symposia up, ready, second start", await _seconds_until_up(command, folder / "up"), UP_SECONDS),
    ]


async def _seconds_of(*command: str, environment: dict[str, str]) -> float:
    begun = time.perf_counter()
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=sys.stderr)
    if await process.wait():
        raise RuntimeError(f"{command[0]} ended with status {process.returncode}")
    return time.perf_counter() - begun


async def _seconds_until_up(command: list[str], home: Path) -> float:
    begun = time.perf_counter()
    async with up(command, home):
        return time.perf_counter() - begun


def table(starts: list[Start]) -> Table:
    """Lay out what was measured."""
    shown = Table("", "seconds", "to reach", "", title="From nothing to something")
    for start in starts:
        verdict = "reached" if start.reached else "[bold]not reached[/]"
        shown.add_row(start.what, f"{start.seconds:.1f}", f"< {start.limit:g}", verdict)
    return shown


def main() -> int:
    """Print the table; with --gate say by the exit status whether everything is reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gate", action="store_true", help="exit with 1 where something is not reached")
    told = parser.parse_args()
    with TemporaryDirectory(prefix="symposia-benchmark-") as folder:
        starts = asyncio.run(measure(Path(folder)))
    Console().print(table(starts), f"packages come from the index that pip uses here; {load()}", sep="\n")
    return 1 if told.gate and not all(start.reached for start in starts) else 0


if __name__ == "__main__":
    sys.exit(main())

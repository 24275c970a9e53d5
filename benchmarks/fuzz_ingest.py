"""Play correctly signed mutants of every platform's deliveries to the real door: `python -m benchmarks.fuzz_ingest`.

In memory: the door, the connector, the mapping and the validation are the real ones, the log and the tables are not. Each answer
is to be 200, or the 4xx that says why not, and at least 30 of 100 mutants are to be taken, so that the fuzz gets far enough in.
The exit status is 1 where an answer is another, or too few are taken.
"""

from __future__ import annotations

import argparse
import logging
import sys
from typing import Final

import structlog
import uvloop
from rich.console import Console
from rich.table import Table

from tests.support.mutants import SCRIPTS, Played, play

SHARE: Final = 0.3
SERVER_ERROR: Final = 500
SEED: Final = 20260302


async def fuzz(mutants: int, seed: int, platforms: list[str]) -> dict[str, Played]:
    """Play *mutants* of each of *platforms*, or of all."""
    return {name: await play(script, mutants, seed) for name, script in SCRIPTS.items() if not platforms or name in platforms}


def table(found: dict[str, Played], mutants: int) -> Table:
    """Lay out what came of each platform's mutants."""
    shown = Table("platform", "mutants", "taken", "200", "4xx", "500", "", title="Signed mutants at ingest's door")
    for name, played in found.items():
        answers = played.statuses
        well = _is_well(played, mutants)
        shown.add_row(
            name,
            f"{mutants:,}",
            f"{played.taken / mutants:.0%}",
            f"{answers[200]:,}",
            f"{sum(number for status, number in answers.items() if 400 <= status < SERVER_ERROR):,}",
            str(sum(number for status, number in answers.items() if status >= SERVER_ERROR)),
            "reached" if well else f"[bold]not reached[/] {played.wrong!r:.80}",
        )
    return shown


def _is_well(played: Played, mutants: int) -> bool:
    return played.wrong is None and played.taken >= SHARE * mutants


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=20_000, help="of each platform")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--platform", action="append", default=[], choices=sorted(SCRIPTS), help="only this; may be repeated")
    told = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    found = uvloop.run(fuzz(told.mutants, told.seed, told.platform))
    Console().print(
        table(found, told.mutants), f"seed {told.seed}; to reach: no other answer than 200 and 4xx, {SHARE:.0%} taken"
    )
    return 0 if all(_is_well(played, told.mutants) for played in found.values()) else 1


if __name__ == "__main__":
    sys.exit(main())

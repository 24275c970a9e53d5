"""Play one history again, or many: `python -m tests.faults.simulation loop --seed 42`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from services.targets import TARGETS
from shared.postgres import migrate
from shared.postgres.embedded import Server
from tests.faults.simulation.company import Count, play_houses, play_loops, play_tellings
from tests.faults.simulation.house_rules import HOUSE_RULES
from tests.faults.simulation.loop_rules import LOOP_RULES
from tests.faults.simulation.telling_rules import TELLING_RULES
from tests.support.postgres import SETTINGS, blocking


def main() -> int:
    """Play what the arguments ask for; say 1 where a rule was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.simulation", description=__doc__)
    parser.add_argument("stage", choices=("loop", "house", "telling"))
    parser.add_argument("--seed", type=int, default=1, help="the seed of the first history")
    parser.add_argument("--histories", type=int, default=1)
    parser.add_argument("--without", default="", help="take a rule away: its name in <stage>_rules.py")
    chosen = parser.parse_args()
    seeds = range(chosen.seed, chosen.seed + chosen.histories)
    if chosen.stage == "loop":
        count = play_loops(seeds, LOOP_RULES[chosen.without] if chosen.without else None)
    elif chosen.stage == "telling":
        count = play_tellings(seeds, TELLING_RULES[chosen.without] if chosen.without else None)
    else:
        count = _on_a_server(seeds, chosen.without)
    sys.stdout.write("\n".join((*count.violations, f"{count.histories} histories, {count.steps} steps, {count.seconds:.1f} s\n")))
    return 1 if count.violations else 0


def _on_a_server(seeds: Sequence[int], without: str) -> Count:
    """Play on a server that lives as long as this process."""
    with tempfile.TemporaryDirectory() as directory:
        server = Server(Path(directory), settings=SETTINGS)
        server.start()
        try:
            blocking(migrate(server.dsn, TARGETS))
            return play_houses(server.dsn, seeds, HOUSE_RULES[without] if without else None)
        finally:
            server.close()


if __name__ == "__main__":
    sys.exit(main())

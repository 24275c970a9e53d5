"""Seeded histories of crashes, zombies, moved partitions, outages and lost answers: nothing is lost or counted twice.

`python -m tests.faults.simulation <loop|house|telling> --seed <seed>` plays one again; SYMPOSIA_SIMULATION_SEED sets the first.
`make simulation` plays five times as many.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count

import pytest

from shared.postgres.embedded import Server
from tests.faults.simulation.company import PROCESSES, first_seed, play_all, play_houses, play_loops, play_tellings, quiet
from tests.faults.simulation.loop_play import play_loop
from tests.faults.simulation.telling_play import play_telling
from tests.support.postgres import blocking, statement, with_database

LOOPS = int(os.environ.get("SYMPOSIA_SIMULATION_LOOPS", "2000"))
TELLINGS = int(os.environ.get("SYMPOSIA_SIMULATION_TELLINGS", "80"))
HOUSES = int(os.environ.get("SYMPOSIA_SIMULATION_HOUSES", "120"))
_NUMBERS = count(1)


@contextmanager
def database(server: Server, template: str) -> Iterator[str]:
    """Make a fresh database; what a crash of the machine would lose of it is no loss."""
    name = f"simulation_{next(_NUMBERS)}"
    blocking(statement(server.dsn, f"CREATE DATABASE {name} TEMPLATE {template}"))
    blocking(statement(server.dsn, f"ALTER DATABASE {name} SET synchronous_commit = off"))
    yield with_database(server.dsn, name)
    blocking(statement(server.dsn, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.mark.timeout(1200)
def test_no_history_breaks_the_protocol(
    postgres_server: Server, migrated_template: str, record_property: Callable[[str, object], None]
) -> None:
    seed = first_seed()
    with ExitStack() as stack:
        urls = [stack.enter_context(database(postgres_server, migrated_template)) for _ in range(PROCESSES)]

        loop, house = play_all(urls, range(seed, seed + LOOPS), range(seed, seed + HOUSES))

    for name, played in (("loop", loop), ("house", house)):
        line = f"{name}: {played.histories} histories from seed {seed}, {played.steps} steps, {played.seconds:.0f} s"
        record_property(name, line)
        sys.stdout.write(f"{line}\n")
    assert not (*loop.violations, *house.violations), "\n".join((*loop.violations, *house.violations))
    assert (loop.histories, house.histories) == (LOOPS, HOUSES)


def test_whatever_befalls_who_tells_it_what_was_heard_is_told_in_one_way(record_property: Callable[[str, object], None]) -> None:
    seed = first_seed()

    played = play_tellings(range(seed, seed + TELLINGS))

    record_property("telling", f"{played.histories} histories from seed {seed}, {played.steps} steps, {played.seconds:.0f} s")
    assert not played.violations, played.violations[0]


def test_a_seed_is_a_schedule() -> None:
    with quiet():
        once, again = ([play(seed).trail for seed in range(1, 12) for play in (play_loop, play_telling)] for _ in range(2))

    assert once == again


def test_a_history_counts_its_steps(postgres_server: Server, migrated_template: str) -> None:
    with database(postgres_server, migrated_template) as url:
        house = play_houses(url, [first_seed()])

    assert not house.violations
    assert (house.histories, play_loops([first_seed()]).histories) == (1, 1)
    assert house.steps > 50

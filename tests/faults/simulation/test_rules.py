"""The same histories find a violation wherever one of the protocol's rules is taken away, so they would see it if one were.

What random schedules meet too rarely is played on purpose in test_directed.py.
"""

from __future__ import annotations

import pytest

from tests.faults.simulation.company import play_houses, play_loops, play_tellings
from tests.faults.simulation.house_rules import HOUSE_RULES
from tests.faults.simulation.loop_rules import LOOP_RULES
from tests.faults.simulation.telling_rules import TELLING_RULES

LOOPS = 3_000
RARE = {
    "2: a batch dropped in part drains": 900,
    "8: delete by row id": 2_650,
    "what waits is forgotten once it is in the log": 55,
    "an erasure is put off by whoever remembers somebody": 40,
    "3: lock the bands of texts": 829,
    "3: lock artefacts": 18,
    "3: lock artefacts before reading": 42,
    "3: a key and a drainer for what is said outside the loop": 15,
    "4: a revision is taken after locking": 90,
    "8: the newest revision wins": 35,
}
"""From which seed to play where most histories do not need the rule."""
HOUSES = 150
TELLINGS = 150


@pytest.mark.parametrize("rule", LOOP_RULES)
def test_the_loop_breaks_without_rule(rule: str) -> None:
    first = RARE.get(rule, 0)

    played = play_loops(range(first, first + LOOPS), LOOP_RULES[rule])

    assert played.violations, f"{played.histories} histories, and none needed the rule"


@pytest.mark.parametrize("rule", TELLING_RULES)
def test_the_telling_breaks_without_rule(rule: str) -> None:
    first = RARE.get(rule, 1)

    played = play_tellings(range(first, first + TELLINGS), TELLING_RULES[rule])

    assert played.violations, f"{played.histories} histories, and none needed the rule"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("rule", HOUSE_RULES)
def test_the_house_breaks_without_rule(rule: str, database_url: str) -> None:
    first = RARE.get(rule, 0)

    played = play_houses(database_url, range(first, first + HOUSES), HOUSE_RULES[rule])

    assert played.violations, f"{played.histories} histories, and none needed the rule"

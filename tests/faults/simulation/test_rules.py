"""The same histories find a violation wherever one of the protocol's rules is taken away, so they would see it if one were.

What random schedules meet too rarely is played on purpose in test_directed.py.
"""

from __future__ import annotations

import pytest

from tests.faults.simulation.company import play_houses, play_loops, play_tellings
from tests.faults.simulation.house_rules import HOUSE_RULES
from tests.faults.simulation.house_scenes import HOUSE_SCENES
from tests.faults.simulation.loop_rules import LOOP_RULES
from tests.faults.simulation.loop_scenes import LOOP_SCENES
from tests.faults.simulation.telling_rules import TELLING_RULES
from tests.faults.simulation.telling_scenes import TELLING_SCENES

LOOPS = 3_000
HOUSES = 150
TELLINGS = 150


@pytest.mark.parametrize("rule", [rule for rule in LOOP_RULES if rule not in LOOP_SCENES])
def test_the_loop_breaks_without_rule(rule: str) -> None:
    played = play_loops(range(LOOPS), LOOP_RULES[rule])

    assert played.violations, f"{played.histories} histories, and none needed the rule"


@pytest.mark.parametrize("rule", [rule for rule in TELLING_RULES if rule not in TELLING_SCENES])
def test_the_telling_breaks_without_rule(rule: str) -> None:
    played = play_tellings(range(1, TELLINGS + 1), TELLING_RULES[rule])

    assert played.violations, f"{played.histories} histories, and none needed the rule"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("rule", [rule for rule in HOUSE_RULES if rule not in HOUSE_SCENES])
def test_the_house_breaks_without_rule(rule: str, database_url: str) -> None:
    played = play_houses(database_url, range(HOUSES), HOUSE_RULES[rule])

    assert played.violations, f"{played.histories} histories, and none needed the rule"

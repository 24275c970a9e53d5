"""The same histories find a violation wherever one of the protocol's rules is taken away, so they would see it if one were."""

from __future__ import annotations

import pytest

from tests.faults.simulation.company import play_houses, play_loops
from tests.faults.simulation.house_rules import HOUSE_RULES
from tests.faults.simulation.loop_rules import LOOP_RULES

LOOPS = 3_000
HOUSES = 150


@pytest.mark.parametrize("rule", LOOP_RULES)
def test_the_loop_breaks_without_rule(rule: str) -> None:
    played = play_loops(range(LOOPS), LOOP_RULES[rule])

    assert played.violations, f"{played.histories} histories, and none needed the rule"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("rule", HOUSE_RULES)
def test_the_house_breaks_without_rule(rule: str, database_url: str) -> None:
    played = play_houses(database_url, range(HOUSES), HOUSE_RULES[rule])

    assert played.violations, f"{played.histories} histories, and none needed the rule"

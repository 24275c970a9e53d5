"""The house is killed (SIGKILL) at every named step and comes up again: nothing lost, nothing doubled, no impact wrong."""

from __future__ import annotations

import os
from typing import Final

import pytest

from tests.faults.crash.conftest import Show
from tests.faults.crash.theatre import ACTS, Act, Theatre, crash_all, places_of, table

EVERYWHERE: Final = os.environ.get("SYMPOSIA_CRASH_PASSAGES") == "all"
"""Kill each consumer at all three passages of every step of the loop; else they share them."""


@pytest.mark.timeout(3600 if EVERYWHERE else 900)
@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.name)
async def test_a_house_killed_at_any_step_loses_doubles_and_falsifies_nothing(theatre: Theatre, act: Act, show: Show) -> None:
    never = [step.value for step in act.steps if not theatre.passages[act.name][step.value]]
    places = places_of(theatre, act, everywhere=EVERYWHERE)

    outcomes = await crash_all(theatre, act, places)

    show(table(outcomes))
    assert never == []
    assert [(each.step, each.passage, each.verdict) for each in outcomes if not each.verdict.clean] == []

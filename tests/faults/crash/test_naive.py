"""The harness sees what it is for: a consumer that commits effects and offset apart is caught doubling, or losing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.crash.conftest import Show
from tests.faults.crash.naive import WITHOUT_GUARD, NaiveStep
from tests.faults.crash.script import plain
from tests.faults.crash.theatre import Outcome, Theatre, another, survive, table
from tests.support.postgres import statement

REST = ("enrichment", "scoring")
PAGE = (Path(__file__).parents[3] / "docs" / "reliability.md").read_text("utf-8")
TOLD = {
    "effects-first": "effects first, offset afterwards",
    "offset-first": "offset first, effects afterwards",
    "gateway": "the real recorder, unique constraint taken away",
}
"""By which name the page has the figures of each."""


@pytest.fixture(scope="session")
def unguarded(theatre: Theatre) -> Theatre:
    """Return a theatre in which nothing but the consumer's own care keeps an id from standing twice in the record."""
    return another(theatre, "crash_unguarded", plain(), lambda url: statement(url, WITHOUT_GUARD))


@pytest.mark.parametrize("recorder", ["effects-first", "offset-first", "gateway"])
async def test_a_consumer_that_nothing_disturbs_passes(unguarded: Theatre, recorder: str) -> None:
    verdict = await survive(unguarded, "crash_unguarded", (recorder, *REST))

    assert verdict.clean, verdict


@pytest.mark.parametrize(
    ("recorder", "step"),
    [("effects-first", NaiveStep.BETWEEN.value), ("offset-first", NaiveStep.BETWEEN.value), ("gateway", "committed")],
)
async def test_a_naive_consumer_that_is_killed_doubles_or_loses_and_is_caught(
    unguarded: Theatre, recorder: str, step: str, show: Show
) -> None:
    verdict = await survive(unguarded, "crash_unguarded", (recorder, *REST), f"{step}:2")

    show(table([Outcome(recorder, step, 2, 5, verdict)]))
    assert (verdict.doubled > 0) == (recorder == "effects-first")
    assert (verdict.lost > 0) == (recorder == "offset-first")
    assert verdict.clean == (recorder == "gateway")
    assert f"| {TOLD[recorder]} | {verdict.lost} | {verdict.doubled} | {verdict.wrong} |" in PAGE

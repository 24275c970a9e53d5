"""Between two turns the definitions rest, for longer behind a long one, and whoever stops the process does not wait for that."""

import asyncio

import pytest

from services.gateway.definitions import consuming
from services.gateway.definitions.consuming import LONGEST_REST, REST, Pace
from services.gateway.definitions.handler import Definitions
from shared.stream.steps import Step


@pytest.mark.parametrize(("seconds", "expected"), [(0.01, REST * 0.01), (10.0, LONGEST_REST)])
async def test_the_rest_is_in_proportion_to_the_turn_and_bounded(
    seconds: float, expected: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments, rests = iter((100.0, 100.0 + seconds)), list[float]()
    pace = Pace(Definitions(), 100)

    async def rest(stop: asyncio.Event, for_seconds: float) -> None:
        assert stop is pace.stop
        rests.append(for_seconds)

    monkeypatch.setattr(consuming, "monotonic", moments.__next__)
    monkeypatch.setattr(consuming, "rest", rest)

    for step in (Step.FETCHED, Step.BEGUN, Step.COMMITTED, Step.OFFSET_COMMITTED):
        await pace(step)

    assert rests == pytest.approx([expected])


async def test_a_rest_ends_when_the_process_is_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consuming, "LONGEST_REST", 3600.0)
    pace = Pace(Definitions(), 100)
    resting = asyncio.create_task(pace(Step.OFFSET_COMMITTED))
    await asyncio.sleep(0.01)
    assert not resting.done()

    pace.stop.set()

    await resting

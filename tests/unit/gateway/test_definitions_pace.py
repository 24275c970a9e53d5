"""Between two turns the definitions rest, and whoever stops the process does not wait for that."""

import asyncio

from services.gateway.definitions.consuming import REST, Pace
from services.gateway.definitions.handler import Definitions
from shared.stream.steps import Step


async def test_a_rest_ends_when_the_process_is_to_end() -> None:
    pace = Pace(Definitions(), 100)
    resting = asyncio.create_task(pace(Step.OFFSET_COMMITTED))
    await asyncio.sleep(0.01)
    assert not resting.done()

    async with asyncio.timeout(REST / 2):
        pace.stop.set()
        await resting

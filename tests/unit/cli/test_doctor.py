from __future__ import annotations

import httpx
import pytest

from services.doctor import doors
from services.doctor.finding import State


async def looked_at(answer: httpx.Response) -> tuple[State, str]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(lambda _: answer)) as client:
        finding = await doors._service(client, "gateway", "http://127.0.0.1:8080")
    return finding.state, finding.words


async def test_a_service_that_is_not_ready_says_why() -> None:
    draining = httpx.Response(503, json={"detail": "draining"}, headers={"content-type": "application/problem+json"})

    assert await looked_at(draining) == (State.WRONG, "not ready: draining")


@pytest.mark.parametrize("status", [404, 500, 503])
async def test_what_answers_on_the_port_need_not_be_ours(status: int) -> None:
    page = httpx.Response(status, html="<h1>Somebody else's</h1>")

    assert await looked_at(page) == (State.WRONG, "something else answers at http://127.0.0.1:8080")

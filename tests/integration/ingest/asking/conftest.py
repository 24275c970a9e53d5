"""A forum that is asked, and a process that asks it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.integration.ingest.conftest import House
from tests.integration.ingest.forum import Platform, Process
from tests.support.discourse import discourse_post


@pytest.fixture
def forum() -> Platform:
    at = "2026-03-02T11:{:02}:00.000Z"
    return Platform([discourse_post(11, 57, number, f"Post {number}", at.format(number)) for number in range(1, 6)])


@pytest.fixture
async def http(forum: Platform) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(forum.app())) as client:
        yield client


@pytest.fixture
def process(house: House, http: httpx.AsyncClient) -> Process:
    return Process(house, http)

"""A part beside the doors breaks for good: whoever is being answered gets the answer, and only then the process ends."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from deploy.kafka.layout import free_ports
from shared.service import Service, run
from shared.settings import HttpSettings

SOME = 20


async def test_who_waits_for_an_answer_gets_it_though_another_part_breaks() -> None:
    asked, left, (port,), began = asyncio.Event(), asyncio.Event(), free_ports(1), []

    async def answer(request: Request) -> PlainTextResponse:
        began.append(request)
        if len(began) == SOME:
            asked.set()
        await left.wait()
        return PlainTextResponse("recorded")

    async def broken(finish: asyncio.Event) -> None:
        await asked.wait()
        asyncio.get_running_loop().call_later(0.5, left.set)
        raise ZeroDivisionError

    service = Service("test", Starlette(routes=[Route("/", answer)]), HttpSettings(port=port), (broken,))
    started = asyncio.Event()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        running = asyncio.create_task(run([service], asyncio.Event(), started=started))
        await started.wait()
        answers = await asyncio.gather(*(client.get("/") for _ in range(SOME)))
        with pytest.raises(ExceptionGroup) as stopped:
            await running

    assert [each.text for each in answers] == ["recorded"] * SOME
    assert stopped.group_contains(ZeroDivisionError)

"""A process that is to end does not wait for ever for who does not finish his request, and tells him to come again."""

from __future__ import annotations

import asyncio
import socket

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from deploy.kafka.layout import free_ports
from shared.errors import Misconfigured
from shared.http import create_app, read_body
from shared.service import Service, run
from shared.settings import HttpSettings
from shared.telemetry import new_registry

HALF = b"POST /echo HTTP/1.1\r\nHost: trial\r\nContent-Length: 5\r\n\r\nha"


async def test_a_request_that_is_never_finished_gets_503_once_the_grace_is_over() -> None:
    begun, stop, started, (port,) = asyncio.Event(), asyncio.Event(), asyncio.Event(), free_ports(1)

    async def ready() -> None:
        """Be ready."""

    async def echo(request: Request) -> Response:
        begun.set()
        return PlainTextResponse(await read_body(request, limit=8))

    app = create_app(
        service="trial", registry=new_registry("trial", "1"), ready=ready, routes=[Route("/echo", echo, methods=["POST"])]
    )
    async with asyncio.TaskGroup() as group:
        group.create_task(run([Service("trial", app, HttpSettings(port=port, drain_seconds=1))], stop, started=started))
        await started.wait()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HALF)
        await begun.wait()
        stop.set()
        answer = await reader.read()
        writer.close()

    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after: 1" in answer.lower()


async def test_an_address_that_is_in_use_is_told_with_its_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        service = Service("trial", Starlette(), HttpSettings(port=port))

        with pytest.RaisesGroup(pytest.RaisesExc(Misconfigured, match=f"trial http cannot listen at 127.0.0.1:{port}: Address")):
            await run([service], asyncio.Event())


async def test_a_task_that_a_library_cancels_ends_the_service_and_is_not_missing_in_silence() -> None:
    async def cancelled(stop: asyncio.Event) -> None:
        del stop
        raise asyncio.CancelledError

    (port,) = free_ports(1)
    service = Service("trial", Starlette(), HttpSettings(port=port), tasks=(cancelled,))

    with pytest.RaisesGroup(pytest.RaisesExc(RuntimeError, match="cancelled from within")):
        await run([service], asyncio.Event())

"""A service as one value, and how services run: alone in a process, or all in one."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TypeAlias

import structlog
import uvicorn
from starlette.applications import Starlette

from shared.errors import Misconfigured, SymposiaError
from shared.events import first
from shared.http.protocol import BoundedProtocol
from shared.process import prepare_to_serve, spare_the_collector
from shared.settings import HttpSettings, ServiceSettings, url_host
from shared.stream.steps import crash_at_from_environment
from shared.telemetry import configure_logs

log = structlog.get_logger()

Task: TypeAlias = Callable[[asyncio.Event], Coroutine[None, None, None]]
"""Work until the event is set, then finish what is under way and return."""


Opening: TypeAlias = Callable[..., AbstractAsyncContextManager["Service"]]
"""A service's `open_service(settings, *, clock, observer)`."""


async def unhindered() -> str | None:
    """Say that nothing keeps a service from its work."""
    return None


@dataclass(frozen=True)
class Service:
    """What a service's `app.py` wires: an application to serve and tasks to run beside it.

    *hindrance* says what keeps it from its work until somebody does something about it: until then it is not ready, and nobody
    waits for that.
    """

    name: str
    app: Starlette
    http: HttpSettings
    tasks: tuple[Task, ...] = ()
    hindrance: Callable[[], Awaitable[str | None]] = unhindered


async def run(services: Sequence[Service], stop: asyncio.Event, *, started: asyncio.Event | None = None) -> None:
    """Serve until *stop* is set, then drain: not ready, no new requests, requests finish, then the consumers.

    A task that raises ends all the others in the same way, and is then raised in an ExceptionGroup: a consumer with a bug must
    not look alive, and whoever is being answered has nothing to do with it.
    """
    servers = [_Server(service) for service in services]
    tasks = _Tasks(services)
    async with asyncio.TaskGroup() as group:
        working = group.create_task(tasks.run())
        serving = [group.create_task(server.serve_on_socket(), name=server.name) for server in servers]
        await _until_started(servers, serving)
        spare_the_collector()
        if started is not None:
            started.set()
        await first(stop, tasks.broken)
        for service, server in zip(services, servers, strict=True):
            service.app.state.draining = True
            server.should_exit = True
        await asyncio.wait(serving)
        tasks.finish.set()
        await working
    tasks.raise_failures()
    log.info("stopped", services=[service.name for service in services])


class _Tasks:
    """What runs beside the servers, until *finish*; the first that raises sets *broken*."""

    def __init__(self, services: Sequence[Service]) -> None:
        self._tasks = [(service.name, task) for service in services for task in service.tasks]
        self._failures: list[Exception] = []
        self.finish = asyncio.Event()
        self.broken = asyncio.Event()

    async def run(self) -> None:
        """Run all to their ends."""
        async with asyncio.TaskGroup() as group:
            for name, task in self._tasks:
                group.create_task(self._watch(task), name=name)

    def raise_failures(self) -> None:
        """Raise what was raised, if anything was."""
        if self._failures:
            raise ExceptionGroup("what runs beside the doors broke", self._failures)

    async def _watch(self, task: Task) -> None:
        try:
            await task(self.finish)
        except asyncio.CancelledError:
            if (ours := asyncio.current_task()) is None or ours.cancelling():
                raise
            self._break(RuntimeError(f"{task!r} was cancelled from within"))
        except Exception as error:  # noqa: BLE001  raised once requests are answered
            self._break(error)

    def _break(self, error: Exception) -> None:
        self._failures.append(error)
        self.broken.set()


async def run_alone(name: str, settings: ServiceSettings, open_service: Opening) -> None:
    """Open the service called *name* and serve it until SIGTERM, in a process of its own.

    Raises SystemExit where it cannot go on: why is the last line of its log.
    """
    prepare_to_serve()
    configure_logs(name, settings.telemetry.log_level)
    stop = asyncio.Event()
    stop_on_signals(stop)
    try:
        async with open_service(settings, observer=crash_at_from_environment()) as service:
            await run([service], stop)
    except Exception as error:  # noqa: BLE001  told in one line, as everything else
        _tell_the_end(error)
        sys.exit(1)


def _tell_the_end(error: Exception) -> None:
    """Log what ended the process: what we know by its kind and in words, and a bug with its traceback."""
    causes = list(_leaves(error))
    known = all(isinstance(cause, SymposiaError) for cause in causes)
    log.error(
        "ended",
        kind=", ".join(dict.fromkeys(type(cause).__name__ for cause in causes)),
        reason="; ".join(dict.fromkeys(map(str, causes))) if known else "a bug",
        exc_info=None if known else error,
    )


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """Return the exceptions that *error* is, or is a group of."""
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _leaves(each)
    else:
        yield error


def stop_on_signals(stop: asyncio.Event) -> None:
    """Set *stop* on SIGTERM and SIGINT."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)


class _Server(uvicorn.Server):
    """uvicorn with the signals left to `run`, and its socket bound before the first await."""

    def __init__(self, service: Service) -> None:
        settings = service.http
        super().__init__(
            uvicorn.Config(
                service.app,
                http=BoundedProtocol,
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=True,
                server_header=False,
                forwarded_allow_ips=settings.trusted_proxies,
                timeout_keep_alive=settings.keep_alive_seconds,
                timeout_graceful_shutdown=max(1, int(settings.drain_seconds)),
            )
        )
        self.name = f"{service.name} http"
        self._address = (settings.host, settings.port)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield

    async def serve_on_socket(self) -> None:
        """Bind and serve. Raises Misconfigured where the address is in use, or is none of this machine's."""
        family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(self._address)
                listener.listen(2048)
            except OSError as error:
                host, port = self._address
                raise Misconfigured(f"{self.name} cannot listen at {url_host(host)}:{port}: {error.strerror}") from error
            listener.setblocking(False)
            await self.serve(sockets=[listener])


async def _until_started(servers: Sequence[_Server], serving: Sequence[asyncio.Task[None]]) -> None:
    while not all(server.started for server in servers):
        if any(task.done() for task in serving):
            return  # the task group tells which one failed, and why
        await asyncio.sleep(0.005)

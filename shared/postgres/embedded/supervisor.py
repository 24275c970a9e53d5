"""Keep one server running in a directory as long as some process needs it, whichever process started it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Final

import structlog

from shared.errors import SymposiaError, Unavailable
from shared.postgres.embedded.server import Occupied, Server

log = structlog.get_logger()
_POLL: Final = 0.1
_WATCH: Final = 0.25
_LONGEST_PAUSE: Final = 30.0


@asynccontextmanager
async def embedded(
    directory: Path,
    *,
    port: int | None = None,
    settings: Mapping[str, str] | None = None,
    start_timeout: float = 60.0,
) -> AsyncIterator[str]:
    """Yield the connection URI of the PostgreSQL in *directory*, which is created if it does not exist.

    If another process runs a server there, that one is used. Whenever the server ends, it is started again under the same URI.
    With *port* it listens on 127.0.0.1 too; the password is in `<directory>/password`.
    Raises Misconfigured where PostgreSQL cannot be started, Unavailable where it is not ready within *start_timeout* seconds.
    """
    server = await asyncio.to_thread(lambda: Server(directory, port=port, settings=settings, start_timeout=start_timeout))
    watch: asyncio.Task[None] | None = None
    try:
        await _enter(server, start_timeout)
        watch = asyncio.create_task(_watch(server, start_timeout))
        yield server.dsn
    finally:
        if watch:
            watch.cancel()
        await asyncio.to_thread(server.close)
        if watch:
            with suppress(asyncio.CancelledError):
                await watch


async def _enter(server: Server, patience: float) -> None:
    """Start the server, or find the one that runs already."""
    deadline = monotonic() + patience
    while True:
        try:
            await asyncio.to_thread(server.start)
        except Occupied:
            with suppress(Unavailable):
                server.port = await asyncio.to_thread(server.published)
                return
        else:
            return
        if monotonic() > deadline:
            raise Unavailable("postgres", "another process holds the directory, and its server does not answer")
        await asyncio.sleep(_POLL)


async def _watch(server: Server, patience: float) -> None:
    """Start the server again whenever it has ended, ours or another process's, until cancelled."""
    pause = _WATCH
    while True:
        await asyncio.sleep(pause)
        if await asyncio.to_thread(server.is_running):
            pause = _WATCH
            continue
        try:
            await _enter(server, patience)
        except SymposiaError as error:
            pause = min(pause * 2, _LONGEST_PAUSE)
            log.error("postgres not restarted", reason=str(error), pause=pause)  # noqa: TRY400  the sentence says it all
        else:
            log.warning("postgres restarted")

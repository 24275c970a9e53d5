"""Listen for notifications (LISTEN, NOTIFY) on a connection of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import asyncpg
import structlog
from asyncpg.connect_utils import SessionAttribute

from shared.events import first, rest
from shared.postgres.connecting import time_to_connect
from shared.postgres.outage import connecting_failed
from shared.postgres.session import STEADY, begin_session, startup
from shared.settings import PostgresSettings

log = structlog.get_logger()

_ARE_YOU_THERE: Final = "SELECT"

_PAUSE: Final = 1.0
"""Seconds between two attempts to connect."""

_SILENCE: Final = 10.0
"""Seconds after which the server is asked whether it is still there, since a listener does not notice a lost connection."""


async def listen(
    settings: PostgresSettings,
    channel: str,
    hear: Callable[[str], None],
    stop: asyncio.Event,
    *,
    application: str,
    silence: float = _SILENCE,
) -> None:
    """Call *hear* with each payload that is notified on *channel*, until *stop*; connect again after an outage.

    Every *silence* seconds the server has to show that it is there. A notification is only a hint, since those that are sent
    while the connection is down are missed.
    """
    while not stop.is_set():
        try:
            async with _connected(settings, application) as connection:
                await connection.add_listener(channel, lambda *message: hear(str(message[3])))
                await _stay(connection, stop, silence)
        except Exception as error:
            failure = connecting_failed(error)
            if failure is None:
                raise
            log.warning("not listening", channel=channel, reason=str(failure))
        await rest(stop, _PAUSE)


@asynccontextmanager
async def _connected(settings: PostgresSettings, application: str) -> AsyncIterator[asyncpg.Connection]:
    asked = {**STEADY, "application_name": f"symposia-{application}-listen"}
    connection = await asyncpg.connect(
        settings.url.get_secret_value(),
        timeout=time_to_connect(settings),
        command_timeout=settings.acquire_timeout,
        target_session_attrs=SessionAttribute.read_write,
        server_settings=startup(asked, settings.pooler),
    )
    try:
        await begin_session(connection, asked, settings.pooler)
        yield connection
    finally:
        connection.terminate()


async def _stay(connection: asyncpg.Connection, stop: asyncio.Event, silence: float) -> None:
    """Return once the connection is gone, or *stop* is set. Raises TimeoutError where the server does not answer."""
    gone = asyncio.Event()
    connection.add_termination_listener(lambda _: gone.set())
    while not (stop.is_set() or gone.is_set()):
        await connection.execute(_ARE_YOU_THERE)
        await first(stop, gone, within=silence)

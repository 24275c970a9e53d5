"""Hear what is notified, on a connection of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import asyncpg
import structlog
from asyncpg.connect_utils import SessionAttribute

from shared.events import first
from shared.postgres.outage import connecting_failed
from shared.settings import PostgresSettings

_log = structlog.get_logger()

_PAUSE: Final = 1.0
"""Seconds between two attempts to connect."""


async def listen(
    settings: PostgresSettings, channel: str, hear: Callable[[str], None], stop: asyncio.Event, *, application: str
) -> None:
    """Call *hear* with each payload that is notified on *channel*, until *stop*; connect again after an outage.

    A notification is a hint: what is said while nobody is connected, or through a pooler that cannot LISTEN, is missed.
    """
    while not stop.is_set():
        try:
            await _listen_once(settings, channel, hear, stop, application)
        except Exception as error:
            failure = connecting_failed(error)
            if failure is None:
                raise
            _log.warning("not_listening", channel=channel, reason=str(failure))
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _PAUSE)


async def _listen_once(
    settings: PostgresSettings, channel: str, hear: Callable[[str], None], stop: asyncio.Event, application: str
) -> None:
    """Connect and listen until the connection is gone, or *stop*."""
    gone = asyncio.Event()
    connection = await asyncpg.connect(
        settings.url.get_secret_value(),
        timeout=settings.acquire_timeout,
        target_session_attrs=SessionAttribute.read_write,
        server_settings={"application_name": f"symposia-{application}-listen"},
    )
    try:
        connection.add_termination_listener(lambda _: gone.set())
        await connection.add_listener(channel, lambda *message: hear(str(message[3])))
        await first(stop, gone)
    finally:
        connection.terminate()

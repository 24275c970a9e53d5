"""Run enrichment alone: `python -m services.enrichment`."""

from __future__ import annotations

import asyncio

import uvloop

from services.enrichment.app import NAME, open_service
from services.enrichment.settings import Settings
from shared.service import run, stop_on_signals
from shared.stream import crash_at_from_environment
from shared.telemetry import configure_logs


async def main() -> None:
    """Serve until SIGTERM."""
    settings = Settings()
    configure_logs(NAME, settings.telemetry.log_level)
    stop = asyncio.Event()
    stop_on_signals(stop)
    async with open_service(settings, observer=crash_at_from_environment()) as service:
        await run([service], stop)


if __name__ == "__main__":
    uvloop.run(main())

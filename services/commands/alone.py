"""`symposia gateway|ingest|enrichment|scoring`: one service in a process of its own, set up by the environment."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import Any

import typer

from services.cli import COMMANDS
from services.commands.console import run
from shared.service import run as serve
from shared.service import stop_on_signals
from shared.stream.steps import crash_at_from_environment
from shared.telemetry import configure_logs


def _command(name: str) -> typer.Typer:
    """Return the command that runs the service called *name*; only that service's code is loaded."""
    made = typer.Typer()

    def alone() -> None:
        service, settings = import_module(f"services.{name}.app"), import_module(f"services.{name}.settings")
        run(_serve(name, service.open_service, settings.Settings()))

    made.command(name, help=COMMANDS[name].sentence)(alone)
    return made


async def _serve(name: str, open_service: Any, settings: Any) -> None:
    configure_logs(name, settings.telemetry.log_level)
    stop = asyncio.Event()
    stop_on_signals(stop)
    async with open_service(settings, observer=crash_at_from_environment()) as service:
        await serve([service], stop)


gateway = _command("gateway")
ingest = _command("ingest")
enrichment = _command("enrichment")
scoring = _command("scoring")

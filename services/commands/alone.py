"""`symposia gateway|ingest|enrichment|scoring`: one service in a process of its own, set up by the environment."""

from __future__ import annotations

from importlib import import_module

import typer

from services.cli import COMMANDS
from services.commands.console import run
from shared.service import run_alone


def _command(name: str) -> typer.Typer:
    """Return the command that runs the service called *name*; only that service's code is loaded."""
    made = typer.Typer()

    def alone() -> None:
        service, settings = import_module(f"services.{name}.app"), import_module(f"services.{name}.settings")
        run(run_alone(name, settings.Settings(), service.open_service))

    made.command(name, help=COMMANDS[name].sentence)(alone)
    return made


gateway = _command("gateway")
ingest = _command("ingest")
enrichment = _command("enrichment")
scoring = _command("scoring")

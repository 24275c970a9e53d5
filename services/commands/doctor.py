"""`symposia doctor`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import typer
from rich.text import Text

from services.commands.console import DEFAULT_HOME, HomeOption, out, run
from services.doctor.database import look_at_database
from services.doctor.doors import look_at_senders, look_at_services
from services.doctor.finding import Finding, Findings, State, safely
from services.doctor.machine import look_at_machine
from services.doctor.stream import look_at_stream
from services.installation import Home, open_installation
from shared.clock import utc_now

COLOURS: Final = {State.WELL: "green", State.WORRYING: "yellow", State.WRONG: "bold red"}

app = typer.Typer()


@app.command()
def doctor(home: HomeOption = DEFAULT_HOME) -> None:
    """Say in words what is wrong with this installation.

    Changes nothing. The exit status is 1 if anything is wrong, and 0 if all is well or there are only warnings.
    """
    found = run(_examine(Home.at(home), _tell))
    ill = [finding for finding in found if finding.state is State.WRONG]
    worried = sum(finding.state is State.WORRYING for finding in found)
    also = f", {worried} worrying" if worried else ""
    out.print(f"\n{len(found)} things were looked at: {len(ill)} wrong{also}." if ill or worried else "\nAll is well.")
    if ill:
        raise typer.Exit(1)


async def _examine(home: Home, tell: Callable[[Finding], None]) -> list[Finding]:
    found: list[Finding] = []
    async for finding in _look(home):
        tell(finding)
        found.append(finding)
    return found


async def _look(home: Home) -> Findings:
    """Look from the ground up: what a part stands on comes before it."""
    async for finding in look_at_machine(home):
        yield finding
    async for finding in safely("Installation", lambda: _look_inside(home)):
        yield finding


async def _look_inside(home: Home) -> Findings:
    async with open_installation(home) as installation:
        async for finding in look_at_database(installation, utc_now):
            yield finding
        async for finding in safely("Log", lambda: look_at_stream(installation)):
            yield finding
        async for finding in look_at_services(installation):
            yield finding
        async for finding in look_at_senders(installation, utc_now):
            yield finding


def _tell(finding: Finding) -> None:
    sign = Text(f"{finding.state:<8}", COLOURS[finding.state])
    out.print(sign, f"{finding.about}: {finding.words}", soft_wrap=True)
    if finding.remedy:
        out.print(f"         → {finding.remedy}", soft_wrap=True)

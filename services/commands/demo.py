"""`symposia demo`."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Coroutine, Mapping
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any, Final, TypeVar

import httpx
import typer

from services.commands.console import DEFAULT_HOME, out, run
from services.commands.faults import Refused
from services.commands.playbill import Played, print_playbill
from services.commands.progress import advancing
from services.commands.replay import settle, unscored
from services.commands.up import DEFAULT_PORT, PortOption, logging_for
from services.demo.cast import load_cast
from services.demo.outcome import Audience, freshness
from services.demo.performance import Performance, load_programme
from services.demo.stage import set_stage
from services.installation import Home, Installation, open_installation
from services.pipeline import open_pipeline
from services.together import running
from shared.clock import utc_now
from shared.events import first
from shared.service import stop_on_signals

T = TypeVar("T")

HOME: Final = "SYMPOSIA_HOME"
DEMO_HOME: Final = "demo"
"""Beneath the home, so that fictional people never meet real ones."""
TOLD: Final = 12
"""Learners in the table."""

app = typer.Typer()


@app.command()
def demo(
    home: Annotated[
        Path | None,
        typer.Option("--home", help="Folder of the installation to play in.", show_default=str(DEFAULT_HOME / DEMO_HOME)),
    ] = None,
    port: PortOption = DEFAULT_PORT,
    *,
    keep: Annotated[
        bool | None,
        typer.Option("--keep/--exit", help="Keep running after the table; default: on a terminal.", show_default=False),
    ] = None,
    gateway: Annotated[str | None, typer.Option("--gateway", help="Play at this gateway, configured by the environment.")] = None,
    ingest: Annotated[str | None, typer.Option("--ingest", help="The ingest service that belongs to it.")] = None,
) -> None:
    """Play a recorded community through the doors, and show who helped whom.

    Six weeks of fictional people on six platforms, as signed webhooks, and their LMS's statements. If an installation runs
    in the home, it is played there, else one is started. Playing twice changes nothing.
    """
    place = Home.at(home or Path(os.environ.get(HOME, DEFAULT_HOME)) / DEMO_HOME)
    if (gateway is None) != (ingest is None):
        raise typer.BadParameter("name both --gateway and --ingest, or neither")
    if gateway and ingest:
        run(_play_at(place, {"gateway": gateway.rstrip("/"), "ingest": ingest.rstrip("/")}))
    elif found := place.running():
        if not found.urls:
            raise Refused(f"An installation is starting in {place.path}: try again in a moment.")
        run(_play_at(place, found.urls))
    else:
        place.make()
        with logging_for(place):
            run(_start_and_play(place, port, keep=sys.stdout.isatty() if keep is None else keep))


async def _play_at(home: Home, urls: Mapping[str, str]) -> None:
    """Play in an installation that runs."""
    async with open_installation(home) as installation:
        print_playbill(installation, urls, await _play(installation, urls))


async def _start_and_play(home: Home, port: int, *, keep: bool) -> None:
    """Start an installation and play in it."""
    stop = asyncio.Event()
    stop_on_signals(stop)
    async with running(home, port, stop) as (installation, urls):
        played = await _unless(stop, _play(installation, urls))
        if played is None:
            raise Refused("The play was stopped before its end. Start it again: what was played counts once.")
        print_playbill(installation, urls, played)
        if keep:
            out.print("It keeps running: Ctrl-C ends it.")
            await stop.wait()


async def _play(installation: Installation, urls: Mapping[str, str]) -> Played:
    """Set the stage, play, wait until everything is scored, and read what it was worth."""
    if hindered := await unscored(installation):
        raise Refused(hindered)
    programme = load_programme()
    stage = await set_stage(installation, utc_now(), programme.length)
    performance = Performance(programme, stage.memory, urls, utc_now)
    async with httpx.AsyncClient() as client:
        before = await freshness(client, urls.get("scoring"))
        began = perf_counter()
        with advancing("Playing six weeks") as progress:
            reception = await performance.play(progress)
        async with open_pipeline(installation, "demo") as pipeline:
            await settle(pipeline)
        seconds = perf_counter() - began
        after = await freshness(client, urls.get("scoring"))
        audience = Audience(client, urls["gateway"], stage.memory, load_cast())
        helpers, moved = await audience.helpers(TOLD), await audience.moved()
        return Played(stage, reception, seconds, after.since(before), helpers, moved)


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """Return what *work* returns, or None where *stop* is set before: then it is cancelled."""
    working, ended = asyncio.create_task(work), asyncio.Event()
    working.add_done_callback(lambda _: ended.set())
    try:
        await first(ended, stop)
        return await working if working.done() else None
    finally:
        working.cancel()

"""`symposia source test`: a source tried through its real door, by what was recorded, and by asking its platform."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Annotated, Final

import httpx
import typer

from services.commands.console import DEFAULT_HOME, HomeOption, out, run, table
from services.commands.faults import Refused
from services.commands.source_standing import NameArgument, door_of, find
from services.counting import counted
from services.ingest.asking.platform import open_platforms
from services.ingest.connectors.registry import CONNECTORS, HOOKS
from services.ingest.domain.asking import Circumstances
from services.ingest.domain.reading import Reading
from services.ingest.domain.source import Source, State
from services.ingest.settings import Settings
from services.ingest.sources import open_sources, sample_of
from services.ingest.trial.asking import Asked, ask_once
from services.ingest.trial.reading import Told, examples_of, heard, told
from services.installation import Home, Installation, open_installation
from shared.clock import utc_now

ANSWERED: Final = 12
"""Seconds to wait for the door's answer."""
SHOWN: Final = 8


def try_(
    name: NameArgument,
    home: HomeOption = DEFAULT_HOME,
    *,
    url: Annotated[
        str | None, typer.Option("--url", help="The address of ingest from here, if not the one that it listens on.")
    ] = None,
) -> None:
    """Send a signed sample through the real door, poll the platform once if it is polled, and show the outcome.

    Nothing is stored. Recorded deliveries of the platform show what real events would become.
    """
    if not run(_try(Home.at(home), name, url)):
        raise typer.Exit(1)


async def _try(home: Home, name: str, url: str | None) -> bool:
    """Try a source in all its ways; say whether each went well."""
    async with (
        open_installation(home) as installation,
        open_sources(installation.postgres, installation.secrets) as sources,
    ):
        source = await find(sources, name)
        connector = CONNECTORS.get(source.platform)
        if connector is None or (source.platform not in HOOKS and not connector.polls):
            sample_of(source, utc_now())  # says that there is nothing to try
        well = True
        if source.platform in HOOKS:
            well = await _try_door(installation, source, url)
            if well:
                _show_examples(source)
        if connector is not None and connector.polls:
            well = await _ask(installation, source, url) and well
        return well


async def _try_door(installation: Installation, source: Source, url: str | None) -> bool:
    sample = sample_of(source, utc_now())
    door = door_of(installation, source.platform, source.id, url)
    try:
        async with httpx.AsyncClient(timeout=ANSWERED) as client:
            address = door + sample.rest
            answer = await client.request(sample.method, address, content=sample.body, headers=dict(sample.headers))
    except httpx.TransportError as error:
        raise Refused(f"Nobody answers at {door}: {error or type(error).__name__}. Is ingest running?") from error
    out.print(f"{address} answers {answer.status_code}: {answer.text.strip()}", soft_wrap=True)
    if answer.is_success:
        out.print(f"The signature was accepted: {_hearing(source)}.", soft_wrap=True)
    return answer.is_success


def _hearing(source: Source) -> str:
    if source.state is State.PAUSED:
        return f"{source.id} is paused, and heard again from `symposia source resume {source.id}` on"
    return f"{source.id} is heard"


def _show_examples(source: Source) -> None:
    """Print what recorded deliveries of the platform would be told as."""
    hook = HOOKS[source.platform]
    readings = [heard(hook, source, delivery) for delivery in examples_of(source.platform)]
    if readings:
        out.print(f"\nRecorded deliveries of {source.platform} would be told so, by {source.policy.keeps}; nothing is stored:")
        _show([each for reading in readings for each in told(source, reading)])


async def _ask(installation: Installation, source: Source, url: str | None) -> bool:
    """Ask the platform once by each poll; say whether it answered."""
    settings = installation.settings(Settings)
    circumstances = Circumstances(utc_now(), door_of(installation, source.platform, source.id, url))
    well = True
    async with open_platforms(settings.ingest.asking, utc_now) as client:
        async for asked in ask_once(client, CONNECTORS[source.platform], source, circumstances):
            _show_asked(source, asked)
            well &= not asked.failed
    return well


def _show_asked(source: Source, asked: Asked) -> None:
    if asked.reading is None:
        out.print(f"\nAsked for {asked.poll}: {asked.why}.", soft_wrap=True)
        return
    found = list(told(source, asked.reading))
    said = counted(len(found), "thing is told", "things are told")
    out.print(f"\nAsked for {asked.poll}: {said}{_ignored([asked.reading])}; nothing is stored.")
    _show(found)


def _show(found: Sequence[Told]) -> None:
    if not found:
        return
    rows = table("Who", "Did", "What", "When", "Told")
    for each in found[:SHOWN]:
        rows.add_row(each.who, each.did, each.what, each.when, each.note or "at once")
    out.print(rows)
    if len(found) > SHOWN:
        out.print(f"… and {len(found) - SHOWN} more.")


def _ignored(readings: Iterable[Reading]) -> str:
    reasons = Counter(str(reason) for reading in readings for reason in reading.ignored)
    told_why = ", ".join(f"{number} {reason}" for reason, number in reasons.most_common())
    return f", not heard: {told_why}" if told_why else ""

"""`symposia source list`, `show` and `retry`: how the sources do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Annotated, Final, TypeVar

import typer

from services.commands.console import DEFAULT_HOME, NONE, HomeOption, day, out, run, table
from services.commands.faults import Refused
from services.counting import counted
from services.ingest.app import SCHEMA
from services.ingest.connectors.registry import CONNECTORS, HOOKS
from services.ingest.domain.source import Policy, Source, SourceId
from services.ingest.settings import Settings
from services.ingest.sources import Sources, UnknownSource, open_sources
from services.ingest.standing import SourceStanding, retry_lookups, standings
from services.installation import Home, Installation, open_installation
from services.tables import open_tables
from shared.clock import utc_now
from shared.postgres import Database

T = TypeVar("T")

NameArgument = Annotated[str, typer.Argument(help="The source's name.", metavar="SOURCE")]
UNITS: Final = ((86400, "d"), (3600, "h"), (60, "min"))


def list_(home: HomeOption = DEFAULT_HOME) -> None:
    """List the sources and how they are doing, without their secrets."""

    async def work(sources: Sources, database: Database, installation: Installation) -> list[tuple[str, ...]]:
        do = {each.source: each for each in await standings(database, utc_now())}
        return [_row(each, do[each.id], installation) for each in (await sources.load()).values() if each.id in do]

    rows = _with_tables(home, work)
    columns = ("Source", "Platform", "Workspace", "State", "Keeps", "Hears", "Last event", ">1 h", ">24 h", ">Refused", "By")
    sources = table(*columns)
    for row in rows:
        sources.add_row(*row)
    out.print(sources if rows else "There is no source yet: symposia source add NAME PLATFORM https://…")


def show(name: NameArgument, home: HomeOption = DEFAULT_HOME) -> None:
    """Show how a source is doing: what was heard, what was left out and why, and how polling its platform goes."""

    async def work(sources: Sources, database: Database, installation: Installation) -> list[tuple[str, str]]:
        source = await find(sources, name)
        found = next((each for each in await standings(database, utc_now()) if each.source == source.id), None)
        if found is None:
            raise Refused(f"{name} was removed at this moment.")
        return _told(source, found, installation)

    for what, said in _with_tables(home, work):
        out.print(f"{what:<17} {said}", soft_wrap=True)


def retry(name: NameArgument, home: HomeOption = DEFAULT_HOME) -> None:
    """Ask a source's platform again, at once, for what it failed to deliver or was given up."""

    async def work(sources: Sources, database: Database, installation: Installation) -> int:
        del installation
        return await retry_lookups(database, (await find(sources, name)).id, utc_now())

    number = _with_tables(home, work)
    asked = counted(number, "thing is", "things are")
    out.print(f"{asked} asked for again." if number else f"Nothing of {name} was asked for in vain.")


async def find(sources: Sources, name: str) -> Source:
    """Return the source *name*. Raises UnknownSource."""
    source = (await sources.load()).get(SourceId(name))
    if source is None:
        raise UnknownSource(SourceId(name))
    return source


def door_of(installation: Installation, platform: str, name: str, url: str | None = None) -> str:
    """Return the address of a source's webhook: below *url*, or where ingest says, or where it runs."""
    base = url.rstrip("/") if url else installation.url("ingest", installation.settings(Settings).http)
    return f"{base}/hooks/{platform}/{name}"


def _with_tables(home: Path, work: Callable[[Sources, Database, Installation], Awaitable[T]]) -> T:
    async def opened() -> T:
        async with (
            open_installation(Home.at(home)) as installation,
            open_tables(installation, SCHEMA, "source") as database,
            open_sources(installation.postgres, installation.secrets) as sources,
        ):
            return await work(sources, database, installation)

    return run(opened())


def _row(source: Source, standing: SourceStanding, installation: Installation) -> tuple[str, ...]:
    return (
        source.id,
        source.platform,
        source.workspace,
        source.state,
        source.policy.keeps,
        _heard(source.policy),
        day(standing.last_event_at),
        str(standing.events_hour),
        str(standing.events_day),
        str(sum(standing.refused.values()) or NONE),
        _heard_by(installation, source),
    )


def _told(source: Source, standing: SourceStanding, installation: Installation) -> list[tuple[str, str]]:
    """Say in words how a source does."""
    told = [
        ("Source", f"{source.id}, {source.platform} at {source.workspace}, {source.state}"),
        ("Heard by", _heard_by(installation, source)),
        ("Hears", f"{_heard(source.policy)}; keeps {source.policy.keeps}"),
        ("Last event", day(standing.last_event_at)),
        ("Events", f"{standing.events_hour} in the last hour, {standing.events_day} in the last day"),
        ("Statements", f"{standing.statements_hour} in the last hour, {standing.statements_day} in the last day"),
        ("Ignored, 24 h", _reasons(standing.ignored)),
        ("Refused, 24 h", _reasons(standing.refused)),
        ("Event to log", _lag(standing)),
    ]
    connector = CONNECTORS.get(source.platform)
    if connector is None or not connector.asks:
        return told
    waiting = counted(standing.waiting, "thing waits", "things wait")
    return [
        *told,
        ("Asked for", f"{waiting}, tried {counted(standing.lookup_failures, 'time')} in vain at most"),
        ("Given up", str(standing.given_up)),
        ("Polls", f"{counted(standing.failures, 'failure')} in a row; all went well at {day(standing.succeeded_at)}"),
        ("Last failure", standing.last_failure or NONE),
    ]


def _reasons(found: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {reason}" for reason, number in found.items()) or NONE


def _lag(standing: SourceStanding) -> str:
    if standing.lag_half is None or standing.lag_most is None:
        return NONE
    return f"half within {_duration(standing.lag_half)}, 95 % within {_duration(standing.lag_most)}"


def _duration(seconds: float) -> str:
    for length, unit in UNITS:
        if seconds >= length:
            return f"{seconds / length:g} {unit}"
    return f"{seconds:g} s"


def _heard_by(installation: Installation, source: Source) -> str:
    """Say how a source is heard: its door's address, by asking, or from files."""
    if source.platform in HOOKS:
        return door_of(installation, source.platform, source.id)
    return "asking" if source.platform in CONNECTORS else "files"


def _heard(policy: Policy) -> str:
    places = ", ".join(sorted(policy.channels)) or "public channels"
    more = [word for word, admitted in (("private", policy.private), ("direct", policy.direct)) if admitted]
    return " + ".join((places, *more))

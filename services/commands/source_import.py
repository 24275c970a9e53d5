"""`symposia source import`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from services.commands.console import DEFAULT_HOME, HomeOption, err, out, run, table
from services.commands.faults import Refused
from services.ingest.app import SCHEMA
from services.ingest.domain.source import Source, SourceId
from services.ingest.filing.column_map import ColumnMap, load
from services.ingest.filing.importing import Importer, Report, open_importer
from services.ingest.filing.rows import Fault, Row, encoding_of, read_csv, read_json, read_ndjson
from services.ingest.settings import Settings
from services.ingest.sources import open_sources
from services.installation import Home, open_installation
from services.tables import open_tables
from shared.clock import utc_now

SHOWN = 50


def import_(
    name: Annotated[str, typer.Argument(help="The source's name.", metavar="SOURCE")],
    file: Annotated[
        Path, typer.Argument(help="CSV with a header, NDJSON or JSON; UTF-8.", exists=True, dir_okay=False, readable=True)
    ],
    home: HomeOption = DEFAULT_HOME,
    *,
    map_: Annotated[
        str | None,
        typer.Option("--map", help="A shipped column map or a file with one; the source's platform where none is named."),
    ] = None,
    actor: Annotated[str, typer.Option("--actor", help="The account whose export it is, where its rows do not say.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would come of it, and change nothing.")] = False,
) -> None:
    """Import the interactions that a platform exported, by a column map.

    Good rows are heard, and told by ingest as soon as it runs; bad ones are listed by line, and then the exit status is 1.
    Importing a file twice changes nothing.
    """
    report = run(_import(Home.at(home), SourceId(name), file, map_, actor, dry_run=dry_run))
    would = " would be taken so" if dry_run else ""
    out.print(f"{report.rows} rows of {file.name}{would}:", soft_wrap=True)
    kinds = table("Kind", ">Interactions")
    for kind, count in sorted(report.told.items()):
        kinds.add_row(kind, str(count))
    for reason, count in sorted(report.ignored.items()):
        kinds.add_row(f"not heard: {reason}", str(count))
    out.print(kinds)
    if report.faults:
        _print_faults(report, file)
        raise typer.Exit(1)


async def _import(home: Home, name: SourceId, file: Path, map_: str | None, actor: str, *, dry_run: bool) -> Report:
    async with (
        open_installation(home) as installation,
        open_tables(installation, SCHEMA, "import") as database,
        open_sources(installation.postgres, installation.secrets) as sources,
    ):
        source = (await sources.load()).get(name)
        if source is None:
            raise Refused(f"There is no source called {name!r}: `symposia source list` shows them.")
        columns = load(map_ or source.platform)
        if dry_run:
            return await _take(Importer(), source, file, columns, actor)
        async with open_importer(installation.settings(Settings), database, utc_now) as importer:
            return await _take(importer, source, file, columns, actor)


async def _take(importer: Importer, source: Source, file: Path, columns: ColumnMap, actor: str) -> Report:
    with file.open("rb") as beginning:
        encoding = encoding_of(beginning.read(2))
    errors = "surrogateescape" if encoding == "utf-8" else "replace"
    with file.open(encoding=encoding, errors=errors, newline="") as lines:
        return await importer.take(source, _rows(file, lines, columns), columns, actor)


def _rows(file: Path, lines: Iterable[str], columns: ColumnMap) -> Iterator[Row | Fault]:
    """Read *file* as its name says what it is."""
    match file.suffix.lower():
        case ".ndjson" | ".jsonl":
            return read_ndjson(lines)
        case ".json":
            return read_json(lines, columns.rows)
        case _:
            return read_csv(lines)


def _print_faults(report: Report, file: Path) -> None:
    err.print(f"{len(report.faults)} rows of {file.name} were not taken:", soft_wrap=True)
    faults = table(">Line", "What is wrong")
    for fault in report.faults[:SHOWN]:
        faults.add_row(str(fault.line), fault.reason)
    err.print(faults)

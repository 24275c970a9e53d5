"""`symposia source import`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from services.commands.console import DEFAULT_HOME, HomeOption, err, out, run, table
from services.commands.faults import Refused
from services.commands.files import lines_of, name_of, present
from services.commands.source_standing import NameArgument, find
from services.counting import counted
from services.ingest.app import SCHEMA
from services.ingest.domain.source import Source
from services.ingest.filing.column_map import ColumnMap, load
from services.ingest.filing.importing import Importer, Report, open_importer
from services.ingest.filing.rows import Fault, Row, read_csv, read_json, read_ndjson
from services.ingest.settings import Settings
from services.ingest.sources import open_sources
from services.installation import Home, open_installation
from services.tables import open_tables
from shared.clock import utc_now
from shared.files import STDIN

SHOWN = 50


def import_(
    name: NameArgument,
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV with a header, NDJSON or JSON; UTF-8, with or without gzip. - reads standard input.", callback=present
        ),
    ],
    home: HomeOption = DEFAULT_HOME,
    *,
    map_: Annotated[
        str | None,
        typer.Option(
            "--map", help="A column map that comes with Symposia, or a file with one. Default: the map of the source's platform."
        ),
    ] = None,
    actor: Annotated[str, typer.Option("--actor", help="The account that the export belongs to, if its rows do not say.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would happen, and change nothing.")] = False,
) -> None:
    """Import the interactions that a platform exported, by a column map.

    Good rows become statements as soon as ingest runs; bad ones are listed by line, and then the exit status is 1.
    Importing a file twice changes nothing, so just repeat an import that was interrupted.
    """
    report = run(_import(Home.at(home), name, file, map_, actor, dry_run=dry_run))
    would = " would be taken so" if dry_run else ""
    out.print(f"{counted(report.rows, 'row')} of {name_of(file)}{would}:", soft_wrap=True)
    kinds = table("Kind", ">Interactions")
    for kind, count in sorted(report.told.items()):
        kinds.add_row(kind, str(count))
    for reason, count in sorted(report.ignored.items()):
        kinds.add_row(f"not heard: {reason}", str(count))
    out.print(kinds)
    if report.faults:
        _print_faults(report, file)
        raise typer.Exit(1)


async def _import(home: Home, name: str, file: Path, map_: str | None, actor: str, *, dry_run: bool) -> Report:
    async with (
        open_installation(home) as installation,
        open_tables(installation, SCHEMA, "import") as database,
        open_sources(installation.postgres, installation.secrets) as sources,
    ):
        source = await find(sources, name)
        columns = load(map_ or source.platform)
        if dry_run:
            return await _take(Importer(), source, file, columns, actor)
        async with open_importer(installation.settings(Settings), database, utc_now) as importer:
            return await _take(importer, source, file, columns, actor)


async def _take(importer: Importer, source: Source, file: Path, columns: ColumnMap, actor: str) -> Report:
    if columns.asks_for_actor and not actor:
        raise Refused("The rows of this export do not say whose they are: name the account with --actor.")
    with lines_of(file) as lines:
        return await importer.take(source, _rows(file, lines, columns), columns, actor)


def _rows(file: Path, lines: Iterator[str], columns: ColumnMap) -> Iterator[Row | Fault]:
    """Read *file* as its name says what it is; standard input as it begins."""
    first = next(lines, "") if file == STDIN else ""
    text = chain([first], lines) if first else lines
    match Path(file.name.removesuffix(".gz")).suffix.lower() or first.lstrip()[:1]:
        case ".json" | "[":
            return read_json(text, columns.rows)
        case "{" if columns.rows:
            return read_json(text, columns.rows)
        case ".ndjson" | ".jsonl" | "{":
            return read_ndjson(text)
        case _:
            return read_csv(text, columns.escaped)


def _print_faults(report: Report, file: Path) -> None:
    were = "was" if len(report.faults) == 1 else "were"
    err.print(f"{counted(len(report.faults), 'row')} of {name_of(file)} {were} not taken:", soft_wrap=True)
    faults = table(">Line", "What is wrong")
    for fault in report.faults[:SHOWN]:
        faults.add_row(str(fault.line), fault.reason)
    err.print(faults)
    if (more := len(report.faults) - SHOWN) > 0:
        err.print(f"… and {more} more.")

"""`symposia import`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.commands.console import DEFAULT_HOME, HomeOption, err, out, run, table
from services.enrichment.app import SCHEMA
from services.enrichment.imports import Importer, Kind, Report
from services.installation import Home, open_installation
from services.tables import open_tables

app = typer.Typer()


@app.command("import")
def import_(
    kind: Annotated[Kind, typer.Argument(help="What the file holds.")],
    file: Annotated[Path, typer.Argument(help="A CSV file, UTF-8, with a header.", exists=True, dir_okay=False, readable=True)],
    home: HomeOption = DEFAULT_HOME,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would come of it, and change nothing.")] = False,
) -> None:
    """Import people, courses or enrolments from CSV.

    Good rows are taken; bad ones are told with their line, and then the exit status is 1. Importing a file twice changes nothing.
    """
    report = run(_import(Home.at(home), kind, file.read_bytes(), dry_run=dry_run))
    would = "would be " if dry_run else ""
    out.print(f"{report.taken} {kind} {would}taken{'' if report.changed else ', and nothing of it is new'}.")
    if report.faults:
        _print_faults(report, file)
        raise typer.Exit(1)


async def _import(home: Home, kind: Kind, content: bytes, *, dry_run: bool) -> Report:
    async with open_installation(home) as installation, open_tables(installation, SCHEMA, "import") as database:
        return await Importer(database).take(kind, content, dry_run=dry_run)


def _print_faults(report: Report, file: Path) -> None:
    faults = table(">Line", "Column", "What is wrong", title=f"{len(report.faults)} rows of {file.name} were not taken")
    for fault in report.faults:
        faults.add_row(str(fault.line), fault.column, fault.reason)
    err.print(faults)

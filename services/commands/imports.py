"""`symposia import`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from services.commands.console import DEFAULT_HOME, HomeOption, err, out, run, table
from services.commands.faults import Refused
from services.commands.files import content_of, name_of, present
from services.counting import counted
from services.enrichment.app import SCHEMA
from services.enrichment.imports import COLUMNS, Importer, Kind, Report
from services.installation import Home, open_installation
from services.tables import open_tables

app = typer.Typer()

ONE: Final = {Kind.PEOPLE: "person", Kind.COURSES: "course", Kind.ENROLMENTS: "enrolment"}
"""What a row of each kind holds."""


@app.command("import")
def import_(
    kind: Annotated[Kind, typer.Argument(help="What the file holds.")],
    file: Annotated[
        Path,
        typer.Argument(
            help="A CSV file with a header, UTF-8 or UTF-16, with or without gzip; - reads standard input.",
            callback=present,
        ),
    ],
    home: HomeOption = DEFAULT_HOME,
    *,
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column",
            metavar="NAME=HEADER",
            help="A column of the file, or a template, for one of ours: accounts='{Login}@https://lms.example'. Repeatable.",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would happen, and change nothing.")] = False,
) -> None:
    """Import people, courses or enrolments from CSV.

    Good rows are imported; bad ones are listed by line, and then the exit status is 1. Importing a file twice changes nothing.
    An import that is interrupted changes nothing.
    """
    filled = _filled(kind, column or [])
    report = run(_import(Home.at(home), kind, content_of(file), filled, dry_run=dry_run))
    would = "would be " if dry_run else ""
    taken = f"{counted(report.taken, ONE[kind], kind)} {would}taken"
    out.print(f"{taken}{'' if report.changed else ', and nothing of it is new'}.")
    if report.faults:
        _print_faults(report, name_of(file))
        raise typer.Exit(1)


def _filled(kind: Kind, written: list[str]) -> Mapping[str, str]:
    """Read what `--column` says. Raises Refused."""
    known = COLUMNS[kind].known
    filled: dict[str, str] = {}
    for each in written:
        name, separator, header = (part.strip() for part in each.partition("="))
        if not (separator and header):
            raise Refused(f"--column {each!r} is not NAME=HEADER, such as --column {known[0]}='Employee ID'.")
        if name not in known:
            raise Refused(f"--column {each!r} names none of our columns for {kind}: {', '.join(known)}.")
        if name in filled:
            raise Refused(f"--column {name}=… is there twice; several cells are one template: {name}='{{First}} {{Last}}'.")
        filled[name] = header
    return filled


async def _import(home: Home, kind: Kind, content: bytes, filled: Mapping[str, str], *, dry_run: bool) -> Report:
    async with open_installation(home) as installation, open_tables(installation, SCHEMA, "import") as database:
        return await Importer(database).take(kind, content, filled=filled, dry_run=dry_run)


def _print_faults(report: Report, name: str) -> None:
    faults = table(">Line", "Column", "What is wrong", title=f"What was not taken of {name}, and why: {len(report.faults)}")
    for fault in report.faults:
        faults.add_row(str(fault.line), fault.column, fault.reason)
    err.print(faults)

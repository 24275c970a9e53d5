"""`symposia lrs`."""

from __future__ import annotations

from typing import Annotated, Final

import typer
from rich.text import Text

from services.commands.asking import agree, ask_secret
from services.commands.console import err, out, table
from services.commands.faults import Refused
from services.lrs_check import resources, statements
from services.lrs_check.client import Client
from services.lrs_check.examination import HOST, Examination, Finding, Result, examine

IN_VAIN: Final = {
    401: "it does not know this key, or its secret.",
    403: "the key may not read statements.",
    404: "the address is no LRS; give what stands before /statements.",
}
"""Answers to a first question with which every check would fail alike."""
COLOURS: Final = {Result.PASSED: "green", Result.FAILED: "red", Result.SKIPPED: "yellow"}

app = typer.Typer(no_args_is_help=True, help="Examine an LRS, ours or another, as an independent client.")


@app.callback()
def lrs() -> None:
    """Examine an LRS, ours or another, as an independent client."""


@app.command()
def check(
    url: Annotated[str, typer.Argument(help="The LRS's address without /statements, such as https://lrs.example.org/xapi.")],
    key: Annotated[str, typer.Option("--key", help="A key that may read and write everything.")],
    secret: Annotated[
        str | None,
        typer.Option(
            "--secret",
            envvar="SYMPOSIA_LRS_SECRET",
            help="Its secret, asked for if it is not given; `-` reads it from standard input.",
        ),
    ] = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before writing.")] = False,
    patience: Annotated[
        float, typer.Option("--patience", min=0, help="Seconds that the LRS has to make what it accepted readable.")
    ] = 10.0,
    timeout: Annotated[float, typer.Option("--timeout", min=1, help="Seconds to wait for an answer.")] = 20.0,
) -> None:
    """Check an LRS against the xAPI specification. Exits with 1 if a check fails.

    Writes some thirty statements about nobody (@lrs-check.example.org) and three documents; the documents are deleted and the
    statements voided at the end. No LRS can delete a statement: voided ones, and those that void them, stay.
    """
    examination = Examination(Client(url, key, ask_secret("Secret", secret), timeout), patience)
    err.print(f"This writes to {url}: about 30 statements about check-{examination.run}@{HOST}, and three documents.")
    err.print(
        "At the end the documents are deleted and the statements voided. Voided statements, and those that void them, stay."
    )
    if not yes:
        agree("Go on?")

    findings = _examine(examination)

    shown_table = table("Check", "xAPI 1.0.3", "Result", "Why")
    for each in findings:
        shown_table.add_row(each.check, each.section, Text(each.result, COLOURS[each.result]), each.reason)
    out.print(shown_table)
    counts = {result: sum(each.result is result for each in findings) for result in Result}
    out.print(", ".join(f"{count} {result}" for result, count in counts.items()))
    if counts[Result.FAILED]:
        raise typer.Exit(1)


def _examine(examination: Examination) -> list[Finding]:
    """Run every check, and clean up whatever happens. Raises Unreachable and Refused before anything is written."""
    examination.client.ask("GET", "about", stranger=True)
    read = examination.client.ask("GET", "statements", {"limit": "1"})
    if read.status in IN_VAIN:
        raise Refused(f"Statements cannot be read there ({read.status}): {IN_VAIN[read.status]} What it says: {read.text[:300]}")
    try:
        return [examine(each, examination) for each in (*resources.CHECKS, *statements.CHECKS)]
    finally:
        for left in examination.clean_up():
            err.print(left)

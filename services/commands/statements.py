"""`symposia statements`."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import typer

from services.commands import moving
from services.commands.console import DEFAULT_HOME, HomeOption, err, out, run
from services.commands.faults import writing
from services.commands.importing import Asked, import_statements
from services.commands.moving import Elsewhere
from services.commands.progress import advancing
from services.counting import counted
from services.gateway.app import SCHEMA
from services.gateway.domain.selection import WAYS_IN
from services.gateway.moving.admitting import Authority
from services.gateway.moving.exporting import export as export_statements
from services.gateway.moving.importing import Mode
from services.gateway.moving.lot import Origin, Wanted
from services.gateway.moving.output import Destination, Format, Output, open_output
from services.gateway.moving.record import OurRecord
from services.installation import Home, open_installation
from services.tables import open_tables
from shared.xapi.model import Version

app = typer.Typer(no_args_is_help=True, help="Export statements to files, and import them from files or another LRS.")


@app.command()
def export(
    to: Annotated[
        Path,
        typer.Argument(help="A new file: .ndjson, .jsonl or .csv, each with .gz to compress it, or .tar.gz.", metavar="TO"),
    ],
    home: HomeOption = DEFAULT_HOME,
    *,
    form: Annotated[Format | None, typer.Option("--format", help="Default: by the file's name.")] = None,
    since: moving.SinceOption = None,
    until: moving.UntilOption = None,
    agent: moving.AgentOption = None,
    verb: moving.VerbOption = None,
    activity: moving.ActivityOption = None,
    source: Annotated[str | None, typer.Option("--source", help=f"Only statements that came in this way: {WAYS_IN}.")] = None,
    after: Annotated[
        int, typer.Option("--after", min=0, help="Only what was recorded after this place, which an export prints at its end.")
    ] = 0,
    attachments: Annotated[
        bool, typer.Option("--attachments/--no-attachments", help="Write attachments too: attachments/<sha2> beside the file.")
    ] = True,
    url: Annotated[
        str | None, typer.Option("--from", metavar="URL", help="Another LRS, such as https://lrs.example.org/xapi.")
    ] = None,
    key: moving.KeyOption = "",
    secret: moving.SecretOption = "",
    oauth: moving.OAuthOption = None,
    scope: moving.ScopeOption = "",
    version: Annotated[Version, typer.Option("--version", help="The xAPI version to use with it.")] = Version.V1_0_3,
    private: moving.PrivateOption = False,
    page: moving.PageOption = 0,
) -> None:
    """Export statements as they are stored, one per line and the oldest first, or as a table.

    If interrupted, run the same command again: it continues. Voided statements are included, and so are those that void them.
    """
    chosen = moving.wanted(since, until, agent=agent, verb=verb, activity=activity, source=source)
    destination = Destination.named(to, form)
    other = None
    if url is not None:
        other = Elsewhere(url, moving.authentication(key, secret, oauth, scope), version, private, page)
    about = moving.asked(url or home, chosen, destination.form, attachments, after)
    start = str(after) if after else ""
    with writing(to), open_output(destination, about, start) as output:
        run(_export(Home.at(home), other, chosen, output, attachments=attachments))


@app.command("import")
def import_(
    read_from: Annotated[
        str,
        typer.Argument(
            help="A file (.ndjson, .jsonl, .json, .csv, each also .gz; .tar.gz), - for standard input, or another LRS's URL.",
            metavar="FROM",
        ),
    ],
    home: HomeOption = DEFAULT_HOME,
    *,
    authority: Annotated[
        Authority,
        typer.Option("--authority", help="The statements' authority: this installation, or the one that they bring along."),
    ] = Authority.OURS,
    version: Annotated[
        Version, typer.Option("--version", help="The xAPI version of statements that name none, and to use with another LRS.")
    ] = Version.V1_0_3,
    columns: Annotated[
        Path | None,
        typer.Option("--columns", help="A column map for a CSV file, in TOML or JSON.", exists=True, dir_okay=False),
    ] = None,
    name: Annotated[
        str, typer.Option("--name", help="The source that is recorded for the statements: import:NAME.")
    ] = "statements",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would happen, and change nothing.")] = False,
    report: Annotated[
        Path | None,
        typer.Option("--report", help="Where to write what was not imported. Default: the file's name with .report.ndjson."),
    ] = None,
    from_line: Annotated[int, typer.Option("--from-line", min=1, help="Begin with this line.")] = 1,
    since: moving.SinceOption = None,
    until: moving.UntilOption = None,
    key: moving.KeyOption = "",
    secret: moving.SecretOption = "",
    oauth: moving.OAuthOption = None,
    scope: moving.ScopeOption = "",
    private: moving.PrivateOption = False,
    page: moving.PageOption = 0,
) -> None:
    """Import statements through the same checks as at the door. Exits with 1 if any was not imported.

    The recorder must be running, here or elsewhere. If interrupted, run it again: nothing is recorded twice.
    """
    other = None
    if read_from.startswith(moving.SCHEMES):
        other = Elsewhere(read_from, moving.authentication(key, secret, oauth, scope), version, private, page)
    asked = Asked(
        read_from=other or Path(read_from),
        wanted=moving.wanted(since, until),
        parts=moving.column_map(columns),
        authority=authority,
        version=version,
        name=name,
        mode=Mode.DRY_RUN if dry_run else Mode.RECORD,
        report=report,
        from_line=from_line,
    )
    if not run(import_statements(Home.at(home), asked)):
        raise typer.Exit(1)


async def _export(home: Home, other: Elsewhere | None, chosen: Wanted, output: Output, *, attachments: bool) -> None:
    async with AsyncExitStack() as stack:
        origin: Origin
        if other is not None:
            origin = await stack.enter_async_context(other.open(attachments=attachments))
        else:
            installation = await stack.enter_async_context(open_installation(home))
            origin = OurRecord(await stack.enter_async_context(open_tables(installation, SCHEMA, "export")))
        tell = stack.enter_context(advancing("Statements are exported"))
        if output.state.statements:
            err.print(f"Going on behind {counted(output.state.statements, 'statement')}.")
        count = await export_statements(origin, chosen, output, attachments=attachments, tell=tell)
    out.print(f"{counted(count, 'statement was', 'statements were')} exported.")
    if other is None and output.state.place:
        out.print(f"What is recorded from now on: --after {output.state.place.partition('-')[0]}")

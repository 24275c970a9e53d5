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

app = typer.Typer(no_args_is_help=True, help="Move statements out into files, and in from files or another LRS.")


@app.command()
def export(
    to: Annotated[
        Path,
        typer.Argument(
            help="The file, not there yet: .ndjson, .jsonl or .csv, .gz behind it to compress, or .tar.gz.", metavar="TO"
        ),
    ],
    home: HomeOption = DEFAULT_HOME,
    *,
    form: Annotated[Format | None, typer.Option("--format", help="Default: as the file's name says.")] = None,
    since: moving.SinceOption = None,
    until: moving.UntilOption = None,
    agent: moving.AgentOption = None,
    verb: moving.VerbOption = None,
    activity: moving.ActivityOption = None,
    source: Annotated[str | None, typer.Option("--source", help=f"Only what came in by this: {WAYS_IN}.")] = None,
    after: Annotated[
        int, typer.Option("--after", min=0, help="Only what was recorded behind this place, as an export tells it.")
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
    version: Annotated[Version, typer.Option("--version", help="The version of xAPI to speak to it.")] = Version.V1_0_3,
    private: moving.PrivateOption = False,
    page: moving.PageOption = 0,
) -> None:
    """Export statements, the oldest first, byte by byte as they are stored, one a line; or as a table.

    Interrupted, run the same again: it goes on where it was. Voided statements are there, and so is what voids them.
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
        Authority, typer.Option("--authority", help="Who vouches: this installation, or who did so where it comes from.")
    ] = Authority.OURS,
    version: Annotated[
        Version, typer.Option("--version", help="The version of xAPI of statements that name none, and to speak to an LRS.")
    ] = Version.V1_0_3,
    columns: Annotated[
        Path | None,
        typer.Option("--columns", help="Which columns of a CSV file hold what: TOML or JSON.", exists=True, dir_okay=False),
    ] = None,
    name: Annotated[str, typer.Option("--name", help="What statements are said to have come by: import:NAME.")] = "statements",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would come of it, and change nothing.")] = False,
    report: Annotated[
        Path | None,
        typer.Option("--report", help="Where to say what was not taken. Default: the file's name with .report.ndjson."),
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
    """Import statements through the same admission as the door's. Exits with 1 where any was not taken.

    The recorder must run, here or elsewhere. Interrupted, run it again: what is in the record already changes nothing.
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

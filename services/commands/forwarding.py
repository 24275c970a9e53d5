"""`symposia forwarding`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Final, TypeAlias, TypeVar

import typer

from services.commands.asking import agree, ask_secret
from services.commands.console import DEFAULT_HOME, NONE, HomeOption, day, out, run, table, utc
from services.counting import counted
from services.gateway.app import SCHEMA
from services.gateway.domain.selection import WAYS_IN, Selection
from services.gateway.forwarding.target import (
    Authentication,
    Basic,
    ClientCredentials,
    ForwardingVault,
    NewTarget,
    State,
    TargetName,
    TargetStanding,
)
from services.gateway.forwarding.targets import Targets
from services.gateway.forwarding.trial import try_target
from services.installation import Home, open_installation
from services.tables import open_tables
from shared.clock import utc_now
from shared.xapi.model import Version

T = TypeVar("T")

SHOWN: Final = 50
BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)

app = typer.Typer(no_args_is_help=True, help="Add, list, test, pause, resume, remove and replay the LRSs we forward to.")
NameArgument = Annotated[str, typer.Argument(help="The target's name.", metavar="TARGET")]
SecretOption = Annotated[
    str | None,
    typer.Option(
        "--secret",
        envvar="SYMPOSIA_FORWARDING_SECRET",
        help="The secret of the key or OAuth client, asked for if it is missing; `-` reads it from standard input.",
    ),
]
Many: TypeAlias = list[str]
NOTHING: Final[Many] = []


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="A name of your choice: lower-case letters, digits, hyphens.")],
    endpoint: Annotated[str, typer.Argument(help="The LRS's address without /statements, such as https://lrs.example.org/xapi.")],
    key: Annotated[str, typer.Option("--key", help="Our key at the LRS, or our client id for OAuth.")],
    secret: SecretOption = None,
    home: HomeOption = DEFAULT_HOME,
    *,
    token_url: Annotated[
        str | None, typer.Option("--token-url", help="The OAuth 2.0 token endpoint, if the LRS takes tokens instead of keys.")
    ] = None,
    scope: Annotated[str, typer.Option("--scope", help="The OAuth scope to ask for.")] = "",
    version: Annotated[Version, typer.Option("--version", help="The xAPI version to use.")] = Version.V1_0_3,
    since: Annotated[
        datetime | None,
        typer.Option(
            "--since", help="Also send what has been stored since then (UTC). Default: only what is stored from now on."
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--everything", help="Send the whole record, from its first statement.")] = False,
    source: Annotated[Many, typer.Option("--source", help=f"Only statements that came in this way: {WAYS_IN}.")] = NOTHING,
    except_source: Annotated[
        Many,
        typer.Option(
            "--except-source", help="No statements that came in this way. If they forward to us, too: credential:THEIR_KEY_ID."
        ),
    ] = NOTHING,
    authority: Annotated[
        Many, typer.Option("--authority", help="Only statements with this authority, by its canonical IFI.")
    ] = NOTHING,
    verb: Annotated[Many, typer.Option("--verb", help="Only statements with this verb, by its IRI.")] = NOTHING,
    activity: Annotated[
        Many, typer.Option("--activity", help="Only statements about this activity, or with it in their context.")
    ] = NOTHING,
    home_page: Annotated[
        Many, typer.Option("--home-page", help="Only statements by actors with an account at this home page.")
    ] = NOTHING,
    private: Annotated[bool, typer.Option("--private", help="The LRS may be in a private network, and without TLS.")] = False,
    paused: Annotated[bool, typer.Option("--paused", help="Send nothing before `symposia forwarding resume`.")] = False,
) -> None:
    """Add an LRS to forward to. Options that select may be repeated; a `*` at the end of one stands for any rest."""
    selection = Selection(tuple(source), tuple(except_source), tuple(authority), tuple(verb), tuple(activity), tuple(home_page))
    shown = _authentication(key, ask_secret("Secret", secret), token_url, scope)
    new = NewTarget(TargetName(name), endpoint, version, shown, selection, private)
    start = BEGINNING if everything else utc(since)
    state = State.PAUSED if paused else State.RUNNING

    _with_targets(home, lambda targets, _: targets.add(new, utc_now(), since=start, state=state))
    out.print(f"{name} is added. Try it: symposia forwarding test {name}")


@app.command("list")
def list_(home: HomeOption = DEFAULT_HOME) -> None:
    """List the targets and how they are doing."""

    async def work(targets: Targets, vault: ForwardingVault) -> list[TargetStanding]:
        del vault
        return await targets.standings()

    found = _with_targets(home, work)
    targets = table(
        "Target",
        "LRS",
        "xAPI",
        "State",
        "Last forwarded",
        ">Waiting",
        ">Behind",
        ">Letters",
        ">Failures",
        "Again at",
        "Last failure",
    )
    for each in found:
        targets.add_row(*_row(each))
    out.print(targets if found else "There is no target yet: symposia forwarding add NAME https://… --key KEY")


@app.command("test")
def try_(name: NameArgument, home: HomeOption = DEFAULT_HOME) -> None:
    """Ask a target which versions of xAPI it speaks and whether it knows our key; stores nothing there."""

    async def work(targets: Targets, vault: ForwardingVault) -> list[str]:
        return await try_target(await targets.find(TargetName(name)), vault, utc_now)

    for line in _with_targets(home, work):
        out.print(line, soft_wrap=True)


@app.command()
def pause(name: NameArgument, home: HomeOption = DEFAULT_HOME) -> None:
    """Stop sending to a target; what is recorded meanwhile waits for it."""
    _with_targets(home, lambda targets, _: targets.pause(TargetName(name)))
    out.print(f"{name} is paused; what is under way now may still arrive.")


@app.command()
def resume(name: NameArgument, home: HomeOption = DEFAULT_HOME) -> None:
    """Send to a paused or failing target again, at once."""
    _with_targets(home, lambda targets, _: targets.resume(TargetName(name)))
    out.print(f"{name} runs.")


@app.command()
def rotate(
    name: NameArgument,
    key: Annotated[str, typer.Option("--key", help="Our key there, or our client id.")],
    secret: SecretOption = None,
    home: HomeOption = DEFAULT_HOME,
    *,
    token_url: Annotated[
        str | None,
        typer.Option("--token-url", help="A new OAuth 2.0 token endpoint, or the same again if the master key was lost."),
    ] = None,
    scope: Annotated[str, typer.Option("--scope", help="The OAuth scope to ask for there.")] = "",
) -> None:
    """Use another key, or another secret, at a target from now on."""
    shown = ask_secret("Secret", secret, partial(_look, home, name))

    async def work(targets: Targets, vault: ForwardingVault) -> None:
        del vault
        await targets.rotate(TargetName(name), Basic(key, shown), token_url, scope)

    _with_targets(home, work)
    out.print(f"{name} is shown the new key.")


@app.command()
def remove(
    name: NameArgument,
    home: HomeOption = DEFAULT_HOME,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
) -> None:
    """Remove a target and its letters; what was sent to it stays there."""
    if not yes:
        _look(home, name)
        agree(f"Remove {name}? How far it has come is forgotten.")
    _with_targets(home, lambda targets, _: targets.remove(TargetName(name)))
    out.print(f"{name} is removed.")


@app.command()
def replay(
    name: NameArgument,
    home: HomeOption = DEFAULT_HOME,
    *,
    since: Annotated[datetime | None, typer.Option("--since", help="Send what was stored since then (UTC).")] = None,
    letters: Annotated[bool, typer.Option("--letters", help="Send what the target refused for good.")] = False,
) -> None:
    """Send statements again, in order; a target recognises those that it has by their ids."""
    if (since is None) is not letters:
        raise typer.BadParameter("Say what to send once more: --since DATE or --letters")

    start = utc(since)

    async def work(targets: Targets, vault: ForwardingVault) -> int:
        del vault
        if start is None:
            return await targets.resend_letters(TargetName(name))
        return await targets.rewind(TargetName(name), start)

    waiting = counted(_with_targets(home, work), "statement waits", "statements wait")
    out.print(f"{waiting} for {name}.")


@app.command()
def letters(
    name: NameArgument,
    home: HomeOption = DEFAULT_HOME,
    *,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many to show.")] = SHOWN,
) -> None:
    """Show the statements that a target refused for good, and why."""
    found = _with_targets(home, lambda targets, _: targets.letters(TargetName(name), limit))
    refused = table(">Seq", "Statement", "When", "Again", "Why")
    for each in found:
        refused.add_row(str(each.seq), each.id, day(each.at), "waits" if each.waiting else NONE, each.reason)
    out.print(refused if found else f"{name} has refused nothing.")


def _look(home: Path, name: str) -> None:
    """Look whether there is a target *name*, before anybody is asked about it. Raises UnknownTarget."""
    _with_targets(home, lambda targets, _: targets.find(TargetName(name)))


def _with_targets(home: Path, work: Callable[[Targets, ForwardingVault], Awaitable[T]]) -> T:
    async def opened() -> T:
        async with (
            open_installation(Home.at(home)) as installation,
            open_tables(installation, SCHEMA, "forwarding") as database,
        ):
            vault = ForwardingVault.of(installation.secrets)
            return await work(Targets(database, vault), vault)

    return run(opened())


def _authentication(key: str, secret: str, token_url: str | None, scope: str) -> Authentication:
    return Basic(key, secret) if token_url is None else ClientCredentials(token_url, key, secret, scope)


def _row(standing: TargetStanding) -> tuple[str, ...]:
    return (
        standing.name,
        standing.endpoint,
        standing.version,
        standing.state,
        day(standing.last_forwarded_at),
        str(standing.lag),
        f"{standing.lag_seconds:.0f} s" if standing.lag else NONE,
        str(standing.letters),
        str(standing.failures),
        day(standing.retry_at),
        standing.last_failure or NONE,
    )

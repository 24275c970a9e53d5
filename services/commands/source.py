"""`symposia source`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from secrets import token_urlsafe
from typing import Annotated, Final, TypeAlias, TypeVar

import typer

from services.commands.asking import agree, ask_secret, read_secret
from services.commands.console import DEFAULT_HOME, HomeOption, out, run
from services.commands.faults import Refused
from services.commands.source_import import import_
from services.commands.source_standing import NameArgument, door_of, find, list_, retry, show
from services.commands.source_trial import try_
from services.ingest.app import SCHEMA
from services.ingest.connectors.registry import CONNECTORS, HOOKS
from services.ingest.domain.interaction import AccountName, ChannelId
from services.ingest.domain.source import DEFAULT_ACCEPTING, Keeps, Platform, Policy, SourceId
from services.ingest.handshakes import HubChallenge, verify_token
from services.ingest.sources import NewSource, Sources, open_sources
from services.installation import Home, Installation, open_installation
from services.tables import open_tables
from shared.clock import utc_now

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="Add, show, permit, test, import, pause, rotate and remove the platforms we hear.")
SecretOption = Annotated[
    str | None,
    typer.Option(
        "--secret",
        envvar="SYMPOSIA_SOURCE_SECRET",
        help="The secret that the platform signs with, asked for if it is missing; `-` reads it from standard input.",
    ),
]
TokenOption = Annotated[
    str | None,
    typer.Option(
        "--token",
        envvar="SYMPOSIA_SOURCE_TOKEN",
        help="The token with which we ask the platform for something; `-` reads it from standard input.",
    ),
]
Many: TypeAlias = list[str]
NOTHING: Final[Many] = []
ACCEPTING: Final[Many] = sorted(DEFAULT_ACCEPTING)
ChannelOption = Annotated[Many, typer.Option("--channel", help="Hear only these channels or categories, by id; repeatable.")]
QuestionOption = Annotated[
    Many, typer.Option("--question-channel", help="Channels or categories in which every topic is a question; repeatable.")
]
AcceptingOption = Annotated[
    Many, typer.Option("--accepting", help="Reactions with which an asker accepts an answer; repeatable.")
]
ExcludeOption = Annotated[
    Many, typer.Option("--exclude", help="Bots and service accounts to ignore, by id or user name; repeatable.")
]
KeepTextOption = Annotated[bool, typer.Option("--keep-text", help="Keep the text of what is said; needed to link by URL.")]
PrivateOption = Annotated[bool, typer.Option("--private", help="Hear private channels too.")]
DirectOption = Annotated[bool, typer.Option("--direct", help="Hear direct messages too, but never their text.")]


app.command("import")(import_)
app.command("list")(list_)
app.command("show")(show)
app.command("test")(try_)
app.command("retry")(retry)


@app.command()
def add(
    name: Annotated[
        str, typer.Argument(help="A name of your choice, part of the webhook's address: lower-case letters, digits, hyphens.")
    ],
    platform: Annotated[Platform, typer.Argument(help="The platform.")],
    workspace: Annotated[str, typer.Argument(help="The workspace's address, such as https://acme.slack.com.")],
    secret: SecretOption = None,
    home: HomeOption = DEFAULT_HOME,
    *,
    channel: ChannelOption = NOTHING,
    question_channel: QuestionOption = NOTHING,
    accepting: AcceptingOption = ACCEPTING,
    exclude: ExcludeOption = NOTHING,
    keep_text: KeepTextOption = False,
    private: PrivateOption = False,
    direct: DirectOption = False,
    option: Annotated[
        Many, typer.Option("--option", help="NAME=VALUE, as the platform's page in docs/connectors describes; repeatable.")
    ] = NOTHING,
    token: TokenOption = None,
) -> None:
    """Add a source, and print where its platform has to deliver, or that its files can be imported."""
    policy = _policy_of(channel, question_channel, accepting, exclude, keep_text=keep_text, private=private, direct=direct)
    delivers = platform in HOOKS
    shown = read_secret(token).encode() if token else None
    new = NewSource(
        SourceId(name), platform, workspace, _secret_of(secret, delivers=delivers), policy, _options_of(option), shown
    )

    async def work(sources: Sources, installation: Installation) -> str:
        await sources.add(new, utc_now())
        return door_of(installation, platform, name)

    door = _with_sources(home, work)
    if delivers:
        out.print(f"{name} is added. Let {platform} deliver to:")
        out.print(f"  {door}", soft_wrap=True)
        if word := _word_of(new):
            out.print(f"It asks for a verify token: {word}", soft_wrap=True)
    elif platform in CONNECTORS:
        out.print(f"{name} is added: {platform} is asked for what is new there.")
    else:
        out.print(f"{name} is added. Import its files with: symposia source import {name} FILE")


@app.command()
def permit(
    name: NameArgument,
    home: HomeOption = DEFAULT_HOME,
    *,
    channel: ChannelOption = NOTHING,
    question_channel: QuestionOption = NOTHING,
    accepting: AcceptingOption = ACCEPTING,
    exclude: ExcludeOption = NOTHING,
    keep_text: KeepTextOption = False,
    private: PrivateOption = False,
    direct: DirectOption = False,
) -> None:
    """Replace what may be heard of a source. Options left out return to their defaults; what was heard stays."""
    policy = _policy_of(channel, question_channel, accepting, exclude, keep_text=keep_text, private=private, direct=direct)
    _change(home, lambda sources: sources.permit(SourceId(name), policy), f"What may be heard of {name} is replaced.")


@app.command("options")
def set_options(
    name: NameArgument,
    option: Annotated[
        Many, typer.Option("--option", help="NAME=VALUE, as the platform's page in docs/connectors describes; repeatable.")
    ],
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Change some of a source's options; NAME= removes one."""
    _change(home, lambda sources: sources.set_options(SourceId(name), _changes_of(option)), f"{name} has other options.")


@app.command()
def pause(name: NameArgument, home: HomeOption = DEFAULT_HOME) -> None:
    """Stop hearing a source, except for what its people take back."""
    _change(home, lambda sources: sources.pause(SourceId(name)), f"{name} is paused.")


@app.command()
def resume(name: NameArgument, home: HomeOption = DEFAULT_HOME) -> None:
    """Hear a paused source again."""
    _change(home, lambda sources: sources.resume(SourceId(name)), f"{name} is heard again.")


@app.command()
def rotate(
    name: NameArgument,
    secret: SecretOption = None,
    home: HomeOption = DEFAULT_HOME,
    *,
    retire: Annotated[
        bool, typer.Option("--retire", help="Stop accepting the previous secret; without --secret, keep the present one.")
    ] = False,
) -> None:
    """Accept a new secret; the previous one is accepted too, until it is retired."""
    if retire and secret is None:
        _change(home, lambda sources: sources.retire(SourceId(name)), f"{name} takes its one secret.")
        return
    taken = ask_secret("Secret", secret, partial(_look, home, name)).encode()

    async def change(sources: Sources) -> None:
        await sources.rotate(SourceId(name), taken)
        if retire:
            await sources.retire(SourceId(name))

    _change(home, change, f"{name} has a new secret{'' if retire else '; the one before it is taken too'}.")


@app.command("token")
def set_token(
    name: NameArgument,
    token: Annotated[
        str | None,
        typer.Option(
            "--token",
            envvar="SYMPOSIA_SOURCE_TOKEN",
            help="The new token, asked for if it is missing; `-` reads it from standard input.",
        ),
    ] = None,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Use another token to ask the platform."""
    shown = ask_secret("Token", token, partial(_look, home, name)).encode()
    _change(home, lambda sources: sources.set_token(SourceId(name), shown), f"{name} has a new token.")


@app.command()
def remove(
    name: NameArgument,
    home: HomeOption = DEFAULT_HOME,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
) -> None:
    """Remove a source and what is known of its threads. Its statements stay in the record."""
    if not yes:
        _look(home, name)
        agree(f"Remove {name}? Its name must never be used for another workspace.")
    _change(home, lambda sources: sources.remove(SourceId(name)), f"{name} is removed.")


def _with_sources(home: Path, work: Callable[[Sources, Installation], Awaitable[T]]) -> T:
    async def opened() -> T:
        async with (
            open_installation(Home.at(home)) as installation,
            open_tables(installation, SCHEMA, "source"),
            open_sources(installation.postgres, installation.secrets) as sources,
        ):
            return await work(sources, installation)

    return run(opened())


def _look(home: Path, name: str) -> None:
    """Look whether there is a source *name*, before anybody is asked about it. Raises UnknownSource."""
    _with_sources(home, lambda sources, _: find(sources, name))


def _change(home: Path, change: Callable[[Sources], Awaitable[None]], said: str) -> None:
    async def work(sources: Sources, installation: Installation) -> None:
        del installation
        await change(sources)

    _with_sources(home, work)
    out.print(f"{said} Running services see it within seconds.")


def _policy_of(
    channel: Many, question_channel: Many, accepting: Many, exclude: Many, *, keep_text: bool, private: bool, direct: bool
) -> Policy:
    return Policy(
        channels=frozenset(map(ChannelId, channel)),
        private=private,
        direct=direct,
        keeps=Keeps.TEXT if keep_text else Keeps.METADATA,
        accepting=frozenset(accepting),
        question_channels=frozenset(map(ChannelId, question_channel)),
        excluded=frozenset(map(AccountName, exclude)),
    )


def _secret_of(given: str | None, *, delivers: bool) -> bytes:
    """Return the secret of a new source; one that delivers nothing has one that nobody knows."""
    return (ask_secret("Secret", given) if delivers or given is not None else token_urlsafe()).encode()


def _word_of(new: NewSource) -> str | None:
    """Return the word that its operator tells a hub, and the hub shows, where the platform wants one."""
    handshake = HOOKS[new.platform].handshake
    return verify_token(new.secret) if isinstance(handshake, HubChallenge) and handshake.typed else None


def _options_of(given: Many) -> dict[str, str]:
    """Read options written NAME=VALUE; raise Refused for anything else."""
    options = _changes_of(given)
    if empty := [name for name, value in options.items() if not value]:
        raise Refused(f"--option {empty[0]!r} is not NAME=VALUE")
    return options


def _changes_of(given: Many) -> dict[str, str]:
    """Read options written NAME=VALUE, or NAME= for none; raise Refused for anything else."""
    pairs = [each.partition("=") for each in given]
    if wrong := [name for name, equals, _ in pairs if not equals]:
        raise Refused(f"--option {wrong[0]!r} is not NAME=VALUE")
    return {name: value for name, _, value in pairs}

"""What `symposia statements` is told of statements that it moves: which, and where another LRS is."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import orjson
import typer

from services.commands.asking import ask_secret
from services.commands.console import err, utc
from services.commands.faults import Refused
from services.gateway.domain.column_map import Parts, read_map
from services.gateway.domain.selection import WAYS_IN, names_door
from services.gateway.forwarding.target import Authentication, Basic, ClientCredentials
from services.gateway.moving.lot import Wanted
from services.gateway.moving.other_lrs import OtherLrs, open_other_lrs
from services.gateway.persons.person import ACCOUNT_FORMS, LearnerName, Unnamed, read_name
from shared.clock import utc_now
from shared.xapi.model import Ifi, Version
from shared.xapi.validation import is_iri

SCHEMES: Final = ("http://", "https://")

KeyOption = Annotated[str, typer.Option("--key", help="Our key at the other LRS, or our client id for OAuth.")]
SecretOption = Annotated[
    str,
    typer.Option(
        "--secret",
        envvar="SYMPOSIA_LRS_SECRET",
        help="Its secret; `-` reads it from standard input. Where it is missing, it is asked for.",
    ),
]
OAuthOption = Annotated[
    str | None,
    typer.Option("--oauth", metavar="TOKEN_URL", help="The OAuth 2.0 token endpoint, if the LRS takes tokens instead of keys."),
]
ScopeOption = Annotated[str, typer.Option("--scope", help="The OAuth scope to ask for.")]
PrivateOption = Annotated[bool, typer.Option("--private", help="The other LRS may be in a private network, and without TLS.")]
PageOption = Annotated[
    int, typer.Option("--page", min=0, help="Statements per page of the other LRS; 0 for as many as it likes.")
]
SinceOption = Annotated[datetime | None, typer.Option("--since", help="Only what was stored after this time (UTC).")]
UntilOption = Annotated[datetime | None, typer.Option("--until", help="Only what was stored until then (UTC).")]
AgentOption = Annotated[str | None, typer.Option("--agent", help=f"Only statements with this actor or object: {ACCOUNT_FORMS}.")]
VerbOption = Annotated[str | None, typer.Option("--verb", help="Only statements with this verb, by its IRI.")]
ActivityOption = Annotated[str | None, typer.Option("--activity", help="Only statements about this activity, by its IRI.")]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another LRS, and how we show who we are."""

    endpoint: str
    authentication: Authentication = field(repr=False)
    version: Version
    private: bool
    page: int

    @asynccontextmanager
    async def open(self, *, attachments: bool) -> AsyncIterator[OtherLrs]:
        """Open it. Raises BadTarget, NoLrs."""
        opened = open_other_lrs(
            self.endpoint, self.authentication, self.version, utc_now,
            private=self.private, limit=self.page, attachments=attachments, waiting=_say_waiting,
        )  # fmt: skip
        async with opened as lrs:
            yield lrs


def authentication(key: str, secret: str, token_url: str | None, scope: str) -> Authentication:
    """Return how we show who we are; ask for the *secret* where it is missing. Raises Refused."""
    if not key:
        raise Refused("Another LRS is read with a key: --key KEY")
    shown = ask_secret("Secret", secret or None)
    return Basic(key, shown) if token_url is None else ClientCredentials(token_url, key, shown, scope)


def wanted(
    since: datetime | None,
    until: datetime | None,
    *,
    agent: str | None = None,
    verb: str | None = None,
    activity: str | None = None,
    source: str | None = None,
) -> Wanted:
    """Return which statements are meant. Raises Refused."""
    for option, iri in (("--verb", verb), ("--activity", activity)):
        if iri is not None and not is_iri(iri):
            raise Refused(f"{option} {iri!r} is no IRI, and so in no statement.")
    if source is not None and not names_door(source):
        raise Refused(f"--source {source!r} names no way in: write {WAYS_IN}.")
    return Wanted(utc(since), utc(until), None if agent is None else _account(agent), verb, activity, source)


def _account(agent: str) -> Ifi:
    try:
        name = read_name(agent)
    except Unnamed as error:
        raise Refused(f"--agent {agent!r} names nobody: write {ACCOUNT_FORMS}.") from error
    if isinstance(name, LearnerName):
        raise Refused(f"--agent names whom statements name, not a learner: write {ACCOUNT_FORMS}.")
    return name


def asked(*parts: object) -> str:
    """Say in a hash what an export is of, so that another one is not taken for it."""
    return hashlib.sha256("\0".join(map(repr, parts)).encode()).hexdigest()


def column_map(path: Path | None) -> Parts | None:
    """Read a column map, TOML or JSON by its name. Raises Refused, BadMap."""
    if path is None:
        return None
    try:
        text = path.read_text(encoding="utf-8-sig")
        return read_map(orjson.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text))
    except (tomllib.TOMLDecodeError, orjson.JSONDecodeError, UnicodeDecodeError) as error:
        raise Refused(f"{path} cannot be read: {error}") from error


def _say_waiting(reason: str, seconds: float) -> None:
    err.print(f"The other LRS is waited for, {seconds:.0f} s: {reason}", soft_wrap=True)

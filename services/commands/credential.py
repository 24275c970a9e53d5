"""`symposia credential`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Final, TypeVar

import orjson
import typer

from services.commands.console import DEFAULT_HOME, NONE, HomeOption, day, out, run, table, utc
from services.commands.faults import Refused
from services.counting import counted
from services.gateway.app import SCHEMA, open_issuer, open_keychain
from services.gateway.credentials.issuing import Issuer
from services.gateway.credentials.recognising import recognise
from services.gateway.credentials.store import Issued
from services.gateway.domain.credential import OF_AN_ACTIVITY_PROVIDER, Credential, KeyId, Scope, ShownKey
from services.gateway.domain.quirks import PECULIARITIES, Quirk
from services.gateway.settings import Settings
from services.installation import Home, open_installation
from services.tables import open_tables
from shared.clock import utc_now

T = TypeVar("T")

UNKNOWN_KEYS: Final = "unknown"

app = typer.Typer(no_args_is_help=True, help="Create, list, rotate and revoke the keys of senders and readers.")
Quirks = Annotated[
    list[Quirk] | None,
    typer.Option("--quirk", help="A mistake of its sender that is accepted (`symposia credential quirks`); repeatable."),
]
Rate = Annotated[
    int | None,
    typer.Option("--requests-per-minute", min=0, help="Requests per minute that each gateway accepts; 0 for any number."),
]
KeyArgument = Annotated[str, typer.Argument(help="The key id, as `symposia credential list` shows it.", metavar="KEY_ID")]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What the key is for: `Moodle`, `HR reports`.")],
    home: HomeOption = DEFAULT_HOME,
    *,
    scope: Annotated[
        list[Scope] | None,
        typer.Option("--scope", help="What it may do; repeatable. Default: what a sender of statements needs."),
    ] = None,
    expires: Annotated[datetime | None, typer.Option(help="When it expires; UTC unless an offset is given.")] = None,
    authority: Annotated[str | None, typer.Option(help="The authority of its statements: an xAPI Agent, as JSON.")] = None,
    ids_from_content: Annotated[
        bool, typer.Option("--ids-from-content", help="For senders that give no ids (Moodle): repeated statements count once.")
    ] = False,
    requests_per_minute: Rate = None,
    quirk: Quirks = None,
) -> None:
    """Create a key; its secret is shown only now."""
    agent = None if authority is None else _json(authority)
    until, scopes = utc(expires), scope or OF_AN_ACTIVITY_PROVIDER
    if until is not None and until <= utc_now():
        raise Refused(f"The key would have ended before it began: {day(until)} is past.")

    async def work(issuer: Issuer) -> ShownKey:
        return await issuer.issue(
            name,
            scopes,
            utc_now(),
            authority=agent,
            ids_from_content=ids_from_content,
            expires_at=until,
            requests_per_minute=requests_per_minute,
            quirks=quirk or (),
        )

    print_key(_with_issuer(home, work))


@app.command()
def edit(
    key_id: KeyArgument,
    home: HomeOption = DEFAULT_HOME,
    *,
    requests_per_minute: Rate = None,
    quirk: Quirks = None,
    no_quirks: Annotated[bool, typer.Option("--no-quirks", help="Remove all its quirks.")] = False,
) -> None:
    """Change a key's rate limit or quirks; running gateways follow within seconds."""
    quirks = () if no_quirks else quirk or None

    async def work(issuer: Issuer) -> Credential | None:
        return await issuer.edit(KeyId(key_id), requests_per_minute=requests_per_minute, quirks=quirks)

    changed = _with_issuer(home, work)
    if changed is None:
        raise _unknown(key_id)
    out.print(f"{key_id}: {_limit(changed)}; quirks: {', '.join(sorted(changed.quirks)) or NONE}.")


@app.command()
def quirks(home: HomeOption = DEFAULT_HOME) -> None:
    """List the quirks: whose mistake each is, what is made of it, and which keys have it."""
    issued = [each.credential for each in _with_issuer(home, Issuer.issued) if each.credential.revoked_at is None]
    known = table("Quirk", "Sender", "Sends", "Understood", "Reported in", "Keys")
    for quirk, each in PECULIARITIES.items():
        keys = ", ".join(credential.key_id for credential in issued if quirk in credential.quirks)
        known.add_row(quirk, each.sender, each.sends, each.understood, each.source, keys or NONE)
    out.print(known)


@app.command("list")
def list_(home: HomeOption = DEFAULT_HOME) -> None:
    """List the keys, without their secrets."""
    keys = table("Key id", "Name", "Scopes", "Created", "Last used", "State")
    for issued in _with_issuer(home, Issuer.issued):
        credential = issued.credential
        scopes = ", ".join(sorted(credential.scopes))
        keys.add_row(
            credential.key_id,
            credential.name,
            scopes,
            day(issued.created_at),
            day(issued.last_used_at),
            _state(issued, utc_now()),
        )
    out.print(keys)


@app.command()
def rotate(
    key_id: KeyArgument,
    home: HomeOption = DEFAULT_HOME,
    *,
    keep_hours: Annotated[float, typer.Option(min=0, help="Hours for which the previous secret keeps working.")] = 24,
) -> None:
    """Give a key a new secret, shown only now; the previous one keeps working for a while."""

    async def work(issuer: Issuer) -> ShownKey | None:
        now = utc_now()
        return await issuer.rotate(KeyId(key_id), now, now + timedelta(hours=keep_hours))

    rotated = _with_issuer(home, work)
    if rotated is None:
        raise _unknown(key_id)
    print_key(rotated)


@app.command()
def revoke(key_id: KeyArgument, home: HomeOption = DEFAULT_HOME) -> None:
    """Revoke a key for good; running gateways refuse it within seconds."""

    async def work(issuer: Issuer) -> bool:
        return await issuer.revoke(KeyId(key_id), utc_now())

    if not _with_issuer(home, work):
        raise _unknown(key_id)
    out.print(f"{key_id} is revoked.")


@app.command()
def refused(
    key_id: Annotated[str, typer.Argument(help="The key id, or `unknown` for keys that were never issued.")] = UNKNOWN_KEYS,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Show the last requests that were refused, and why."""

    async def work(issuer: Issuer) -> list[tuple[str, ...]]:
        if key_id != UNKNOWN_KEYS and key_id not in {each.credential.key_id for each in await issuer.issued()}:
            raise _unknown(key_id)
        found = await issuer.refused(None if key_id == UNKNOWN_KEYS else KeyId(key_id))
        return [(day(each.at), each.method, each.route, str(each.status), each.reason) for each in found]

    rows = _with_issuer(home, work)
    requests = table("When", "Method", "Route", ">Status", "Why")
    for row in rows:
        requests.add_row(*row)
    out.print(requests if rows else "No request was refused lately.")


def print_key(key: ShownKey) -> None:
    """Print a new key, each part on a line that can be copied."""
    for name, value in (("key id", key.key_id), ("secret", key.secret), ("bearer", key.token)):
        out.print(f"  {name}  {value}", soft_wrap=True)


@asynccontextmanager
async def opened_issuer(home: Home) -> AsyncIterator[Issuer]:
    """Open what keys are managed with. Raises Misconfigured where the master key is not this installation's."""
    async with open_installation(home) as installation, open_tables(installation, SCHEMA, "credential") as database:
        settings = installation.settings(Settings)
        await recognise(database, open_keychain(settings.secrets), utc_now())
        yield open_issuer(settings, database, installation.url("gateway", settings.http))


def _with_issuer(home: Path, work: Callable[[Issuer], Awaitable[T]]) -> T:
    async def opened() -> T:
        async with opened_issuer(Home.at(home)) as issuer:
            return await work(issuer)

    return run(opened())


def _state(issued: Issued, now: datetime) -> str:
    credential = issued.credential
    if credential.revoked_at is not None:
        return f"revoked {day(credential.revoked_at)}"
    if credential.expires_at is None:
        return "valid"
    return f"{'expired' if credential.expires_at <= now else 'until'} {day(credential.expires_at)}"


def _limit(credential: Credential) -> str:
    match credential.requests_per_minute:
        case None:
            return "as many requests as the gateway's setting allows"
        case 0:
            return "any number of requests"
        case limit:
            return f"{counted(limit, 'request')} a minute"


def _unknown(key_id: str) -> Refused:
    return Refused(f"There is no live key {key_id!r}: `symposia credential list` shows the keys.")


def _json(text: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Refused(f"--authority is not JSON: {error}") from error

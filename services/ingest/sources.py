"""The sources: added, listed, tried, paused, rotated and removed; `symposia source` and the door share this."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

import asyncpg
import orjson
import structlog

from services.ingest.connectors.connector import Sample, Unsignable
from services.ingest.connectors.registry import CONNECTORS, HOOKS
from services.ingest.domain.source import Keeps, Platform, Policy, Source, SourceId, State
from services.ingest.vault import Sealed, Vault
from shared.errors import SymposiaError
from shared.postgres import Database, Query, load_queries
from shared.settings import PostgresSettings, SecretSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

log = structlog.get_logger()

_QUERIES: Final = load_queries(__package__)
SOURCE_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
SHORTEST_SECRET: Final = 12
ADDRESS: Final = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/-]*)?")
WEB_ADDRESS: Final = re.compile(r"https?://[^\s/?#\[\]@]+(?:[/?#]\S*)?")


class BadSource(SymposiaError):
    """A source cannot be what it was asked to be; the message says what to change."""


class UnknownSource(SymposiaError):
    """There is no source of that name."""

    def __init__(self, source: SourceId) -> None:
        super().__init__(f"There is no source called {source!r}: `symposia source list` shows them.")


@dataclass(frozen=True, slots=True)
class NewSource:
    """A source to add: *workspace* is its URL, *secret* what the platform signs with.

    *options* are what its connector has to be told besides; *token* is what we show when we ask the platform for something.
    """

    id: SourceId
    platform: Platform
    workspace: str
    secret: bytes = field(repr=False)
    policy: Policy = field(default_factory=Policy)
    options: Mapping[str, str] = field(default_factory=dict)
    token: bytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not ADDRESS.fullmatch(self.workspace):
            raise BadSource(f"{self.workspace!r} is not the address of a workspace, such as https://acme.slack.com")
        if not SOURCE_ID.fullmatch(self.id):
            raise BadSource(f"{self.id!r} is not a valid name for a source: use small letters, digits and hyphens, at most 63")
        _check_secret(self.secret)
        _check_options(self.platform, self.options)


def _check_options(platform: Platform, options: Mapping[str, str]) -> None:
    connector = CONNECTORS.get(platform)
    known = connector.options if connector else {}
    if unknown := sorted(options.keys() - known.keys()):
        raise BadSource(f"{platform} has no option {unknown[0]!r}; it has: {', '.join(sorted(known)) or 'none'}")
    if missing := [name for name, option in known.items() if option.required and not options.get(name)]:
        raise BadSource(f"{platform} needs the option {missing[0]!r}: {known[missing[0]].help}")
    for name, value in options.items():
        if known[name].address and value and not WEB_ADDRESS.fullmatch(value):
            raise BadSource(f"the option {name!r} is an address such as https://acme.example/feed, and {value!r} is none")


class Sources:
    """The table of sources; every method raises Unavailable for an outage, those that name one UnknownSource."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def add(self, new: NewSource, now: datetime) -> None:
        """Add a source; raise BadSource where its name is taken."""
        sealed = self._vault.seal(new.secret, new.id)
        token = self._vault.seal(new.token, _token_of(new.id)) if new.token else None
        options = orjson.dumps(dict(new.options)).decode()
        columns = (new.workspace.rstrip("/"), sealed, *_policy_columns(new.policy), options, token, now)
        added = await self._database.fetchval(_QUERIES["add_source"], new.id, new.platform, *columns)
        if added is None:
            raise BadSource(f"there is a source called {new.id!r} already; a name is never used again for another workspace")

    async def load(self) -> Mapping[SourceId, Source]:
        """Return every source by its id; one whose secrets cannot be opened has none, and is told in the log."""
        rows = await self._database.fetch(_QUERIES["sources"])
        sources = (self._source(row) for row in rows)
        return {source.id: source for source in sources}

    async def pause(self, source: SourceId) -> None:
        """Stop hearing a source, except for what its people take back."""
        await self._change(_QUERIES["set_state"], source, State.PAUSED)

    async def resume(self, source: SourceId) -> None:
        """Hear a source again."""
        await self._change(_QUERIES["set_state"], source, State.ACTIVE)

    async def permit(self, source: SourceId, policy: Policy) -> None:
        """Replace what may be heard of a source."""
        await self._change(_QUERIES["set_policy"], source, *_policy_columns(policy))

    async def set_options(self, source: SourceId, options: Mapping[str, str]) -> None:
        """Give a source these options, beside those that it has; an empty one is taken away. Raises BadSource."""
        known = (await self.load()).get(source)
        if known is None:
            raise UnknownSource(source)
        together = {name: value for name, value in {**known.options, **options}.items() if value}
        _check_options(known.platform, together)
        await self._change(_QUERIES["set_options"], source, orjson.dumps(together).decode())

    async def rotate(self, source: SourceId, secret: bytes) -> None:
        """Take *secret* from now on, and the present one until it is retired or the next rotation."""
        _check_secret(secret)
        await self._change(_QUERIES["rotate_secret"], source, self._vault.seal(secret, source))

    async def retire(self, source: SourceId) -> None:
        """Take only the present secret from now on."""
        await self._change(_QUERIES["retire_secret"], source)

    async def set_token(self, source: SourceId, token: bytes) -> None:
        """Show *token* from now on when the platform is asked for something."""
        await self._change(_QUERIES["set_token"], source, self._vault.seal(token, _token_of(source)))

    async def remove(self, source: SourceId) -> None:
        """Remove a source and all that is known of its artefacts; its statements stay in the record."""
        await self._change(_QUERIES["remove_source"], source)

    async def _change(self, query: Query, source: SourceId, *arguments: object) -> None:
        if await self._database.fetchval(query, source, *arguments) is None:
            raise UnknownSource(source)

    def _source(self, row: asyncpg.Record) -> Source:
        return Source(
            id=SourceId(row["id"]),
            platform=Platform(row["platform"]),
            workspace=row["workspace"],
            secrets=self._secrets(row),
            policy=_policy(row),
            state=State(row["state"]),
            closed=frozenset(row["closed"]),
            options=orjson.loads(row["options"]),
            token=self._opened(row["sealed_token"], row["id"], _token_of(row["id"])) if row["sealed_token"] else None,
        )

    def _secrets(self, row: asyncpg.Record) -> tuple[bytes, ...]:
        sealed = [row[name] for name in ("sealed_secret", "sealed_previous_secret") if row[name] is not None]
        opened = [self._opened(each, row["id"], row["id"]) for each in sealed]
        return tuple(secret for secret in opened if secret is not None)

    def _opened(self, sealed: bytes, source: str, owner: str) -> bytes | None:
        try:
            return self._vault.open(sealed, owner)
        except Sealed as error:
            log.warning("a secret of a source cannot be opened", source=source, reason=str(error))
            return None


def _check_secret(secret: bytes) -> None:
    if len(secret) < SHORTEST_SECRET:
        raise BadSource(f"the secret has {len(secret)} characters; at least {SHORTEST_SECRET} are needed")
    if secret.startswith(b"-----BEGIN ") and b"-----END " not in secret:
        raise BadSource("the secret begins as a key does, and has no end: everybody knows how keys begin")


def _token_of(source: str) -> str:
    """Name whom a source's token is sealed for: it opens as no webhook secret."""
    return f"{source}/token"


def sample_of(source: Source, now: datetime) -> Sample:
    """Return a signed delivery that changes nothing, to try *source* through its door at `/hooks/<platform>/<id>`."""
    if not source.secrets:
        raise BadSource(f"the secrets of {source.id!r} cannot be opened with the master key at hand")
    hook = HOOKS.get(source.platform)
    if hook is None:
        raise BadSource(f"{source.platform} has no webhook to try: it is asked, or its files are imported")
    try:
        return hook.sample(source.secrets[0], now)
    except Unsignable as error:
        raise BadSource(f"no sample of {source.id!r} can be made: {error}") from error


@asynccontextmanager
async def open_sources(postgres: PostgresSettings, secrets: SecretSettings) -> AsyncIterator[Sources]:
    """Open the table of sources for a command; raise Misconfigured where there is no master key."""
    vault = Vault.of(secrets)
    database = await Database.open(postgres, schema="ingest", application="ingest-sources")
    try:
        yield Sources(database, vault)
    finally:
        await database.close()


def _policy(row: asyncpg.Record) -> Policy:
    return Policy(
        channels=frozenset(row["channels"]),
        private=row["private"],
        direct=row["direct"],
        keeps=Keeps(row["hearing"]),
        accepting=frozenset(row["accepting"]),
        question_channels=frozenset(row["question_channels"]),
        excluded=frozenset(row["excluded"]),
    )


def _policy_columns(policy: Policy) -> Sequence[object]:
    return (
        sorted(policy.channels),
        policy.private,
        policy.direct,
        policy.keeps,
        sorted(policy.accepting),
        sorted(policy.question_channels),
        sorted(policy.excluded),
    )

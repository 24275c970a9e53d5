"""The sources: added, listed, tried, paused, rotated and removed; `symposia source` and the door share this."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

import asyncpg
import structlog

from services.ingest.connectors.connector import Sample
from services.ingest.connectors.registry import HOOKS
from services.ingest.domain.source import Hearing, Platform, Policy, Source, SourceId, State
from services.ingest.store import SQL
from services.ingest.vault import Sealed, Vault
from shared.errors import SymposiaError
from shared.postgres import Database, Query
from shared.settings import PostgresSettings, SecretSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

log = structlog.get_logger()

SOURCE_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
SHORTEST_SECRET: Final = 12
ADDRESS: Final = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/-]*)?")


class BadSource(SymposiaError):
    """A source cannot be what it was asked to be; the message says what to change."""


class UnknownSource(SymposiaError):
    """There is no source of that name."""


@dataclass(frozen=True, slots=True)
class NewSource:
    """A source to add: *workspace* is its URL, *secret* what the platform signs with."""

    id: SourceId
    platform: Platform
    workspace: str
    secret: bytes = field(repr=False)
    policy: Policy = field(default_factory=Policy)

    def __post_init__(self) -> None:
        if not ADDRESS.fullmatch(self.workspace):
            raise BadSource(f"{self.workspace!r} is no address of a workspace, such as https://acme.slack.com")
        if not SOURCE_ID.fullmatch(self.id):
            raise BadSource(f"{self.id!r} is no name of a source: small letters, digits and hyphens, at most 63")
        if len(self.secret) < SHORTEST_SECRET:
            raise BadSource(f"the secret has {len(self.secret)} characters; at least {SHORTEST_SECRET} are needed")


class Sources:
    """The table of sources; every method raises Unavailable for an outage, those that name one UnknownSource."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def add(self, new: NewSource, now: datetime) -> None:
        """Add a source; raise BadSource where its name is taken."""
        policy, sealed = new.policy, self._vault.seal(new.secret, new.id)
        workspace = new.workspace.rstrip("/")
        added = await self._database.fetchval(
            SQL["add_source"], new.id, new.platform, workspace, sealed, *_policy_columns(policy), now
        )
        if added is None:
            raise BadSource(f"there is a source called {new.id!r} already; a name is never used again for another workspace")

    async def load(self) -> Mapping[SourceId, Source]:
        """Return every source by its id; one whose secrets cannot be opened has none, and is told in the log."""
        rows = await self._database.fetch(SQL["sources"])
        sources = (self._source(row) for row in rows)
        return {source.id: source for source in sources}

    async def pause(self, source: SourceId) -> None:
        """Hear nothing more of a source, but for what its people take back."""
        await self._change(SQL["set_state"], source, State.PAUSED)

    async def resume(self, source: SourceId) -> None:
        """Hear a source again."""
        await self._change(SQL["set_state"], source, State.ACTIVE)

    async def permit(self, source: SourceId, policy: Policy) -> None:
        """Replace what may be heard of a source."""
        await self._change(SQL["set_policy"], source, *_policy_columns(policy))

    async def rotate(self, source: SourceId, secret: bytes) -> None:
        """Take *secret* from now on, and the present one until it is retired or the next rotation."""
        if len(secret) < SHORTEST_SECRET:
            raise BadSource(f"the secret has {len(secret)} characters; at least {SHORTEST_SECRET} are needed")
        await self._change(SQL["rotate_secret"], source, self._vault.seal(secret, source))

    async def retire(self, source: SourceId) -> None:
        """Take only the present secret from now on."""
        await self._change(SQL["retire_secret"], source)

    async def remove(self, source: SourceId) -> None:
        """Remove a source and all that is known of its artefacts; its statements stay in the record."""
        await self._change(SQL["remove_source"], source)

    async def _change(self, query: Query, source: SourceId, *arguments: object) -> None:
        if await self._database.fetchval(query, source, *arguments) is None:
            raise UnknownSource(f"there is no source called {source!r}")

    def _source(self, row: asyncpg.Record) -> Source:
        return Source(
            id=SourceId(row["id"]),
            platform=Platform(row["platform"]),
            workspace=row["workspace"],
            secrets=self._secrets(row),
            policy=_policy(row),
            state=State(row["state"]),
            closed=frozenset(row["closed"]),
        )

    def _secrets(self, row: asyncpg.Record) -> tuple[bytes, ...]:
        sealed = [row[name] for name in ("sealed_secret", "sealed_previous_secret") if row[name] is not None]
        secrets: list[bytes] = []
        for each in sealed:
            try:
                secrets.append(self._vault.open(each, row["id"]))
            except Sealed as error:
                log.exception("a webhook secret cannot be opened", source=row["id"], reason=str(error))
        return tuple(secrets)


def sample_of(source: Source, now: datetime) -> Sample:
    """Return a signed delivery that changes nothing, to try *source* through its door at `/hooks/<platform>/<id>`."""
    if not source.secrets:
        raise BadSource(f"the secrets of {source.id!r} cannot be opened with the master key at hand")
    hook = HOOKS.get(source.platform)
    if hook is None:
        raise BadSource(f"{source.platform} has no webhook to try: it is asked, or its files are imported")
    return hook.sample(source.secrets[0], now)


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
        hearing=Hearing(row["hearing"]),
        accepting=frozenset(row["accepting"]),
        question_channels=frozenset(row["question_channels"]),
        excluded=frozenset(row["excluded"]),
    )


def _policy_columns(policy: Policy) -> Sequence[object]:
    return (
        sorted(policy.channels),
        policy.private,
        policy.direct,
        policy.hearing,
        sorted(policy.accepting),
        sorted(policy.question_channels),
        sorted(policy.excluded),
    )

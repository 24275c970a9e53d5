"""Set the stage in an installation: people, courses and enrolments, sources, and the keys of an LMS and of HR."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from services.demo import mattermost, slack
from services.demo.cast import CAMPUS, FORUM, GITHUB, MATTERMOST, SLACK, SOCIAL, content, excluded_accounts
from services.demo.delivery import CURTAIN
from services.enrichment.app import SCHEMA as RECORDS
from services.enrichment.imports import Importer, Kind
from services.gateway.app import SCHEMA as LRS
from services.gateway.app import open_issuer
from services.gateway.credentials.issuing import Issuer
from services.gateway.domain.credential import Scope
from services.gateway.settings import Settings as GatewaySettings
from services.ingest.domain.interaction import AccountName, ChannelId
from services.ingest.domain.source import Keeps, Platform, Policy, SourceId
from services.ingest.sources import NewSource, open_sources
from services.installation import PRIVATE_FILE, Home, Installation
from services.tables import open_tables
from shared.errors import Misconfigured

MEMORY: Final = "demo.json"
_ACCOUNTS: Final = frozenset(map(AccountName, excluded_accounts()))
_OPEN: Final = Policy(keeps=Keeps.TEXT, excluded=_ACCOUNTS)
WORKSPACES: Final = {
    Platform.SLACK: SLACK,
    Platform.DISCOURSE: FORUM,
    Platform.GITHUB: GITHUB,
    Platform.MATTERMOST: MATTERMOST,
    Platform.ACTIVITYSTREAMS: SOCIAL,
    Platform.OPENEDX: CAMPUS,
}
POLICIES: Final = {
    Platform.SLACK: replace(_OPEN, channels=frozenset(map(ChannelId, slack.HEARD))),
    Platform.MATTERMOST: replace(_OPEN, channels=frozenset(map(ChannelId, mattermost.HEARD))),
}
"""What may be heard of a platform where that is not everything public."""


def source_of(platform: Platform) -> SourceId:
    """Name the demo's source of *platform*."""
    return SourceId(f"demo-{platform}")


SOURCES: Final = {
    source_of(platform): (platform, workspace, POLICIES.get(platform, _OPEN)) for platform, workspace in WORKSPACES.items()
}
KEYS: Final = {
    "lms": ("Demo: LMS", (Scope.STATEMENTS_WRITE, Scope.DEFINE)),
    "hr": ("Demo: HR and learners", (Scope.IMPACT_READ, Scope.STATEMENTS_READ)),
}
FILES: Final = {Kind.PEOPLE: "people.csv", Kind.COURSES: "courses.csv", Kind.ENROLMENTS: "enrolments.csv"}


class Memory(msgspec.Struct):
    """What a second play needs to be the same as the first: by how many seconds it is moved, and its secrets."""

    shift: int
    secrets: dict[str, str] = {}
    keys: dict[str, tuple[str, str]] = {}

    @property
    def moved(self) -> timedelta:
        """Return by how much the plays are moved."""
        return timedelta(seconds=self.shift)


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage that is set: the memory of it, and how many people, courses and enrolments were imported."""

    memory: Memory
    imported: Mapping[Kind, int]


async def set_stage(installation: Installation, now: datetime, length: timedelta) -> Stage:
    """Make what is missing for plays of *length*, so that the last scene happens *now*, or when it did the first time."""
    memory = _recall(installation.home) or Memory(int((now - CURTAIN - length).total_seconds()))
    imported = await _import(installation)
    await _hear(installation, memory, now)
    await _issue(installation, memory, now)
    _remember(installation.home, memory)
    return Stage(memory, imported)


async def _import(installation: Installation) -> Mapping[Kind, int]:
    async with open_tables(installation, RECORDS, "demo") as database:
        importer = Importer(database)
        reports = {kind: await importer.take(kind, content(name)) for kind, name in FILES.items()}
    faults = [f"{FILES[kind]} line {fault.line}: {fault.reason}" for kind, report in reports.items() for fault in report.faults]
    if faults:
        raise Misconfigured(f"The demo's people do not fit into this installation: {'; '.join(faults[:3])}")
    return {kind: report.taken for kind, report in reports.items()}


async def _hear(installation: Installation, memory: Memory, now: datetime) -> None:
    """Add the sources with secrets of their own; one that is there, but whose secret is not remembered, gets another."""
    async with open_sources(installation.postgres, installation.secrets) as sources:
        known = await sources.load()
        for name, (platform, workspace, policy) in SOURCES.items():
            if name in known and name in memory.secrets:
                await sources.resume(name)
                continue
            memory.secrets[name] = secrets.token_hex(16)
            secret = memory.secrets[name].encode()
            if name in known:
                await sources.rotate(name, secret)
            else:
                await sources.add(NewSource(name, platform, workspace, secret, policy), now)


async def _issue(installation: Installation, memory: Memory, now: datetime) -> None:
    """Issue the keys that are not remembered, or do not work any more."""
    async with open_tables(installation, LRS, "demo") as database:
        issuer = open_issuer(installation.settings(GatewaySettings), database)
        valid = await _valid(issuer)
        for name, (title, scopes) in KEYS.items():
            if memory.keys.get(name, ("", ""))[0] not in valid:
                key = await issuer.issue(title, scopes, now)
                memory.keys[name] = (key.key_id, key.secret)


async def _valid(issuer: Issuer) -> Sequence[str]:
    return [each.credential.key_id for each in await issuer.issued() if each.credential.revoked_at is None]


def _recall(home: Home) -> Memory | None:
    try:
        return msgspec.json.decode((home.path / MEMORY).read_bytes(), type=Memory)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise Misconfigured(f"{home.path / MEMORY} cannot be read: {error}. Delete it to play from now on anew.") from error


def _remember(home: Home, memory: Memory) -> None:
    """Keep *memory* for its owner alone."""
    home.make()
    draft: Path = home.path / f"{MEMORY}.new"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE), "wb") as file:
        file.write(msgspec.json.encode(memory))
    draft.replace(home.path / MEMORY)

"""Who asks, where each poll goes on, and what is still to be asked for, in PostgreSQL. Every method raises Unavailable."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import orjson

from services.ingest.domain.asking import Cursor
from services.ingest.domain.reading import Lookup
from services.ingest.domain.source import SourceId
from shared.postgres import Database, Transaction, load_queries

QUERIES: Final = load_queries(__package__)


@dataclass(frozen=True, slots=True)
class DuePoll:
    """A poll that is due: where it goes on, and how often it has failed in a row."""

    name: str
    cursor: Cursor
    failures: int


@dataclass(frozen=True, slots=True)
class DueLookup:
    """A lookup that is *due* since then, its *reference* as it is kept, and how often it has failed."""

    lookup: Lookup
    reference: bytes
    due: datetime
    failures: int


@dataclass(frozen=True, slots=True)
class Noticed:
    """A lookup of a source."""

    source: SourceId
    lookup: Lookup


@dataclass(frozen=True, slots=True)
class AskingStanding:
    """How a source's polls and lookups stand; failures are those in a row of what fails most.

    *succeeded_at* is when the poll that lags most last went well.
    """

    source: SourceId
    waiting: int
    given_up: int
    lookup_failures: int
    failures: int
    last_failure: str | None
    succeeded_at: datetime | None


async def notice(transaction: Transaction, noticed: Sequence[Noticed], now: datetime) -> None:
    """Keep what was named, once; what names no source of ours is dropped, as its source was removed."""
    last = {(each.source, each.lookup.key): each for each in noticed}.values()
    columns = [
        [each.source for each in last],
        [each.lookup.key for each in last],
        [_written(each.lookup.reference) for each in last],
        [each.lookup.noticed for each in last],
        [now + timedelta(seconds=each.lookup.after) for each in last],
    ]
    await transaction.execute(QUERIES["notice"], *columns)


class AskingStore:
    """The tables, as the process *me* uses them, whose claims last *lease* seconds."""

    def __init__(self, database: Database, me: UUID, lease: float) -> None:
        self._database = database
        self._me = me
        self._lease = lease

    async def due(self, sources: Collection[SourceId], now: datetime) -> frozenset[SourceId]:
        """Return those of *sources* that have something due, and that no other process asks."""
        rows = await self._database.fetch(QUERIES["due"], sorted(sources), self._me, now)
        return frozenset(SourceId(row["id"]) for row in rows)

    async def claim(self, source: SourceId) -> bool:
        """Say whether this process alone may ask the platform of *source* now."""
        return await self._database.fetchval(QUERIES["claim"], source, self._me, self._lease) is not None

    async def release(self, source: SourceId) -> None:
        """Let others ask."""
        await self._database.execute(QUERIES["release"], source, self._me)

    async def begin(self, source: SourceId, polls: Collection[str], now: datetime) -> None:
        """Know the *polls* of a source; new ones are due at once."""
        await self._database.execute(QUERIES["begin_polls"], source, sorted(polls), now)

    async def due_polls(self, source: SourceId, polls: Collection[str], now: datetime) -> list[DuePoll]:
        """Return those of *polls* that are due."""
        rows = await self._database.fetch(QUERIES["due_polls"], source, sorted(polls), now)
        return [DuePoll(row["name"], orjson.loads(row["cursor"]), row["failures"]) for row in rows]

    async def move(self, source: SourceId, poll: str, cursor: Cursor, due: datetime, now: datetime) -> bool:
        """Move a poll on; say no where another process asks meanwhile."""
        moved = await self._database.fetchval(
            QUERIES["move_poll"], source, poll, self._me, orjson.dumps(cursor), due, now, self._lease
        )
        return moved is not None

    async def go_on(self, source: SourceId, poll: str, cursor: Cursor) -> bool:
        """Move the cursor of a poll that is under way; say no where another process asks meanwhile."""
        written = orjson.dumps(cursor)
        return await self._database.fetchval(QUERIES["go_on_with_poll"], source, poll, self._me, written, self._lease) is not None

    async def fail_poll(self, source: SourceId, poll: str, due: datetime, why: str) -> None:
        """Let a poll wait until *due*."""
        await self._database.execute(QUERIES["fail_poll"], source, poll, due, _told(why))

    async def postpone_poll(self, source: SourceId, poll: str, due: datetime) -> None:
        """Let a poll wait until *due* that has not failed."""
        await self._database.execute(QUERIES["postpone_poll"], source, poll, due)

    async def due_lookups(self, source: SourceId, now: datetime, limit: int) -> list[DueLookup]:
        """Return what is to be asked for."""
        rows = await self._database.fetch(QUERIES["due_lookups"], source, now, limit)
        return [
            DueLookup(
                Lookup(row["key"], orjson.loads(row["reference"]), row["noticed"]), row["reference"], row["due"], row["failures"]
            )
            for row in rows
        ]

    async def settle(self, source: SourceId, asked: DueLookup) -> None:
        """Forget what was asked for, unless it was named again since."""
        await self._database.execute(QUERIES["settle_lookup"], source, asked.lookup.key, asked.reference, asked.due)

    async def fail_lookup(self, source: SourceId, asked: DueLookup, due: datetime, why: str, *, for_good: bool) -> None:
        """Let a lookup wait until *due*, or give it up."""
        state = "given-up" if for_good else "waiting"
        await self._database.execute(QUERIES["fail_lookup"], source, asked.lookup.key, due, _told(why), state)

    async def postpone_lookup(self, source: SourceId, key: str, due: datetime, why: str) -> None:
        """Let a lookup wait until *due* that was not tried."""
        await self._database.execute(QUERIES["postpone_lookup"], source, key, due, _told(why))

    async def forget_given_up(self, source: SourceId, most: int) -> None:
        """Forget what was given up, but for the *most* that were last."""
        await self._database.execute(QUERIES["forget_given_up"], source, most)

    async def standings(self) -> list[AskingStanding]:
        """Say how every source stands that is heard."""
        rows = await self._database.fetch(QUERIES["standing"])
        return [
            AskingStanding(
                SourceId(row["source"]),
                row["waiting"],
                row["given_up"],
                row["lookup_failures"] or 0,
                row["failures"] or 0,
                row["last_failure"],
                row["succeeded_at"],
            )
            for row in rows
        ]


def _written(reference: Mapping[str, str]) -> bytes:
    return orjson.dumps(reference, option=orjson.OPT_SORT_KEYS)


def _told(why: str) -> str:
    """Return *why* as PostgreSQL keeps text: it may quote an answer, in which anything stands."""
    return why.encode(errors="replace").decode().replace("\0", " ")

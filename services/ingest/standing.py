"""How the sources do, as `symposia source` and `symposia doctor` tell it: the numbers of `/v1/sources`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import orjson

from services.ingest.asking.store import QUERIES as ASKING
from services.ingest.domain.source import SourceId, State
from services.ingest.tallies import QUERIES
from shared.postgres import Database


@dataclass(frozen=True, slots=True)
class SourceStanding:
    """How one source does: numbers are of the last hour or the last day, reasons and lags of the last day.

    *lag_half* and *lag_most* are the seconds within which half, and 19 of 20, of its statements were in the log. *failures* are
    those in a row of the poll that fails most, *lookup_failures* of what is named by id; *succeeded_at* is when the poll that
    lags most last went well.
    """

    source: SourceId
    state: State
    created_at: datetime
    last_event_at: datetime | None
    events_hour: int
    events_day: int
    statements_hour: int
    statements_day: int
    ignored: Mapping[str, int]
    refused: Mapping[str, int]
    lag_half: float | None
    lag_most: float | None
    waiting: int
    given_up: int
    lookup_failures: int
    failures: int
    last_failure: str | None
    succeeded_at: datetime | None


async def standings(database: Database, now: datetime) -> Sequence[SourceStanding]:
    """Say how every source does at *now*, by name. Raises Unavailable."""
    return [_standing(row) for row in await database.fetch(QUERIES["standings"], now)]


async def retry_lookups(database: Database, source: SourceId, now: datetime) -> int:
    """Ask *source* again for what was given up, or asked for in vain; return how much that is. Raises Unavailable."""
    return int(await database.fetchval(ASKING["retry_lookups"], source, now))


def _standing(row: asyncpg.Record) -> SourceStanding:
    return SourceStanding(
        source=SourceId(row["source"]),
        state=State(row["state"]),
        created_at=row["created_at"],
        last_event_at=row["last_event_at"],
        events_hour=row["events_hour"] or 0,
        events_day=row["events_day"] or 0,
        statements_hour=row["statements_hour"] or 0,
        statements_day=row["statements_day"] or 0,
        ignored=_reasons(row["ignored"]),
        refused=_reasons(row["refused"]),
        lag_half=row["lag_half"],
        lag_most=row["lag_most"],
        waiting=row["waiting"],
        given_up=row["given_up"],
        lookup_failures=row["lookup_failures"],
        failures=row["failures"],
        last_failure=row["last_failure"],
        succeeded_at=row["succeeded_at"],
    )


def _reasons(written: str | None) -> Mapping[str, int]:
    found: dict[str, int] = orjson.loads(written or "{}")
    return dict(sorted(found.items(), key=lambda each: (-each[1], each[0])))

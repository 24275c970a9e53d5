"""Who was seen in which session, in PostgreSQL, and what is to be told of it.

A delivery holds the sessions it saw somebody in, so that no ending passes it unseen, and marks the attendances that it changed.
Deriving locks an attendance first and then reads: what was committed before is counted, and what is committed later marks it
again. What is derived waits in `pending` like any interaction whose time has come: the sweep tells it, whatever dies in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import Final

import asyncpg
import msgspec

from services.ingest.domain.attendance import Stay, attendance, presences_of
from services.ingest.domain.interaction import (
    AccountName,
    Artefact,
    ArtefactType,
    ChannelId,
    Interaction,
    Kind,
    NativeId,
    Place,
    PlaceType,
)
from services.ingest.domain.reading import Ending, Sighting
from services.ingest.domain.source import SourceId
from shared.postgres import Transaction, load_queries
from shared.xapi.timestamps import instant

_QUERIES: Final = load_queries(__package__, "attendances.sql")
NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Due(msgspec.Struct, frozen=True):
    """When an attendance is looked at that changes.

    *complete*: nothing more is expected of it; *ended*: its session is over, and the end of a presence is missing; *open*: its
    session is not over, as far as is known.
    """

    complete: datetime = NEVER
    ended: datetime = NEVER
    open: datetime = NEVER


async def see(
    transaction: Transaction, source: SourceId, sightings: Sequence[Sighting], endings: Sequence[Ending], due: Due
) -> int:
    """Remember who was seen when, and which sessions ended; return of how many people something new was seen.

    Seeing the same again changes nothing.
    """
    await transaction.execute(_QUERIES["know_sessions"], source, *_session_columns([*sightings, *endings]))
    if endings:
        columns = [each.session.native for each in endings], [instant(each.ended) for each in endings]
        ended = [row["native"] for row in await transaction.fetch(_QUERIES["end_sessions"], source, *columns)]
        await transaction.execute(_QUERIES["await_ended_attendances"], source, ended, due.complete, due.ended)
    if not sightings:
        return 0
    await transaction.execute(_QUERIES["hold_sessions"], source, [each.session.native for each in sightings])
    changed = await transaction.fetch(_QUERIES["merge_presences"], source, *_presence_columns(sightings))
    pairs = sorted({(row["session"], row["actor"]) for row in changed if row["actor"] is not None})
    if pairs:
        whose = map(list, zip(*pairs, strict=True))
        await transaction.execute(_QUERIES["await_attendances"], source, *whose, due.complete, due.ended, due.open)
    return len(pairs)


async def derive(transaction: Transaction, now: datetime, limit: int) -> tuple[int, Mapping[SourceId, list[Interaction]]]:
    """Return how many attendances are due, *limit* at most, and by source what is to be told of them: it counts as told."""
    rows = await transaction.fetch(_QUERIES["due_attendances"], now, limit)
    if not rows:
        return 0, {}
    keys = [[row[name] for row in rows] for name in ("source", "session", "actor")]
    told = {(row["source"], row["session"], row["actor"]): row["told"] for row in rows}
    known = await transaction.fetch(_QUERIES["presences_of"], *keys)
    news: dict[SourceId, list[Interaction]] = {}
    for key, group in groupby(known, key=itemgetter("source", "session", "actor")):
        found = _attendance(list(group), told[key])
        news.setdefault(SourceId(key[0]), []).extend(found)
        told[key] = next((each.revision for each in found if each.kind is Kind.ATTEND), told[key])
    await transaction.execute(_QUERIES["tell_attendances"], *keys, [told[key] for key in zip(*keys, strict=True)])
    return len(rows), news


def _attendance(rows: Sequence[asyncpg.Record], told: str | None) -> tuple[Interaction, ...]:
    """Return what is to be told of one person in one session, of whom *rows* are the presences."""
    first = rows[0]
    session = Artefact(NativeId(first["session"]), first["iri"], ArtefactType.SESSION)
    stays = (Stay(row["name"], row["joined_at"], row["left_at"]) for row in rows)
    return attendance(session, AccountName(first["actor"]), presences_of(stays, first["ended_at"]), _place(first), told)


def _place(row: asyncpg.Record) -> Place | None:
    return Place(ChannelId(row["place"]), row["place_iri"], PlaceType(row["place_type"])) if row["place"] is not None else None


def _session_columns(seen: Iterable[Sighting | Ending]) -> tuple[list[str | None], ...]:
    """Return the sessions of *seen* in one order, so that two deliveries do not wait for each other."""
    sessions = {each.session.native: each for each in seen}
    ordered = [sessions[native] for native in sorted(sessions)]
    return (
        [each.session.native for each in ordered],
        [each.session.iri for each in ordered],
        [each.place.id if each.place else None for each in ordered],
        [each.place.iri if each.place else None for each in ordered],
        [each.place.type if each.place else None for each in ordered],
    )


def _presence_columns(sightings: Sequence[Sighting]) -> tuple[list[object], ...]:
    return (
        [each.session.native for each in sightings],
        [each.name for each in sightings],
        [each.actor for each in sightings],
        [instant(each.joined) if each.joined else None for each in sightings],
        [instant(each.left) if each.left else None for each in sightings],
    )

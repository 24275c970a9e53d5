"""A record of any size, quickly: what a community says, copied into the gateway's tables by the recorder's own code for rows.

2,000 agents, of whom 500 are active and say four fifths; 300 activities. Readers of related ones find few statements or many: a
category in all of them, 12 courses, 40 instructors, and for every 20 statements a discussion and a peer of their own. A
statement is about 2 KB. What the doors and the recorder do besides rows and mentions is not done, and nothing is said on.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

import asyncpg
import orjson

from benchmarks.asking import Question
from benchmarks.load import shapes
from services.gateway.domain.mentions import mentions
from services.gateway.recorder import binary_copy
from services.gateway.recorder.ruling import Row
from shared.clock import rfc3339

AGENTS, ACTIVE, ACTIVITIES, COURSES, INSTRUCTORS, EACH = 2000, 500, 300, 12, 40, 20
ACTIVE_SHARE: Final = 0.8
CHUNK: Final = 2000
WRITERS: Final = 2
TICK: Final = timedelta(microseconds=1)
PAGE: Final = 50
"""Statements on the pages that are asked for."""

HOME: Final = "https://lms.example"
AUTHORITY: Final = {"objectType": "Agent", "account": {"homePage": HOME, "name": "record"}}
IFI: Final = f"account::record@{HOME}"
LAST: Final = (
    "SELECT (SELECT coalesce(max(seq), 0) FROM lrs.statement), "
    "greatest((SELECT max(stored) FROM lrs.statement), (SELECT consistent_through FROM lrs.clock))"
)


class _Last(NamedTuple):
    """Where the record ends: seq and time."""

    seq: int
    stored: datetime


async def empty(connection: asyncpg.Connection) -> None:
    """Take every statement out of the record."""
    await connection.execute("TRUNCATE lrs.statement, lrs.statement_mention, lrs.statement_reference")


async def fill(dsn: str, connection: asyncpg.Connection, count: int) -> None:
    """Add statements until the record has *count*, while no recorder is at work; then VACUUM, ANALYZE and CHECKPOINT."""
    last = await _end_of(connection)
    chunks = iter([(start, min(CHUNK, count - start)) for start in range(last.seq, count, CHUNK)])
    async with asyncio.TaskGroup() as group:
        for _ in range(WRITERS):
            group.create_task(_write(dsn, chunks, last))
    await connection.execute("VACUUM (ANALYZE) lrs.statement, lrs.statement_mention")
    await connection.execute("CHECKPOINT")


async def _end_of(connection: asyncpg.Connection) -> _Last:
    row = await connection.fetchrow(LAST)
    assert row is not None  # noqa: S101  a query without FROM
    return _Last(*row)


async def _write(dsn: str, chunks: Iterator[tuple[int, int]], last: _Last) -> None:
    writer = await asyncpg.connect(dsn, server_settings={"search_path": "lrs", "synchronous_commit": "off"})
    for start, count in chunks:
        said = list(statements(start, count, random.Random(start)))
        rows = [_row(number, each, last) for number, each in enumerate(said, start=start + 1)]
        mentioned = binary_copy.mentions((row.seq, mentions(each)) for row, each in zip(rows, said, strict=True))
        async with writer.transaction():
            await writer.copy_records_to_table("statement", columns=Row._fields, records=rows)
            await writer.copy_to_table("statement_mention", columns=binary_copy.MENTION, source=mentioned, format="binary")
    await writer.close()


def _row(seq: int, said: dict[str, Any], last: _Last) -> Row:
    stored = last.stored + (seq - last.seq) * TICK
    return Row(
        seq=seq,
        stored=stored,
        timestamp=stored,
        received_at=stored,
        redacted_at=None,
        id=said["id"],
        voided=False,
        redacts=False,
        defines=True,
        digest=bytes(32),
        source="credential:record",
        authority=IFI,
        body=orjson.dumps({**said, "stored": rfc3339(stored)}),
    )


def statements(start: int, count: int, rng: random.Random) -> Iterator[dict[str, Any]]:
    """Yield the statements from the number *start* on, as the record has them but for when they were stored."""
    said = shapes()
    for number in range(start, start + count):
        shape = said[number % len(said)]
        person = rng.randrange(ACTIVE) if rng.random() < ACTIVE_SHARE else rng.randrange(ACTIVE, AGENTS)
        related = {
            "instructor": {"mbox": instructor(rng.randrange(INSTRUCTORS))},
            "team": {"objectType": "Group", "member": [{"mbox": peer(number // EACH)}]},
            "contextActivities": {
                "parent": [{"id": discussion(number // EACH)}],
                "grouping": [{"id": course(rng.randrange(COURSES))}],
                "category": [{"id": CATEGORY}],
            },
        }
        yield {
            **shape,
            "id": str(UUID(int=rng.getrandbits(128), version=4)),
            "actor": {"objectType": "Agent", "name": f"Learner {person}", "mbox": learner(person)},
            "object": {**shape["object"], "id": f"{HOME}/activity/{rng.randrange(ACTIVITIES)}"},
            "context": {**shape["context"], **related},
            "authority": AUTHORITY,
        }


CATEGORY: Final = f"{HOME}/profile"


def learner(number: int) -> str:
    """Return the mailbox of a learner; the first ACTIVE ones are active."""
    return f"mailto:learner.{number}@lms.example"


def instructor(number: int) -> str:
    """Return the mailbox of an instructor, of whom one statement in INSTRUCTORS tells."""
    return f"mailto:instructor.{number}@lms.example"


def peer(number: int) -> str:
    """Return the mailbox of a peer, of whom EACH statements tell."""
    return f"mailto:peer.{number}@lms.example"


def course(number: int) -> str:
    """Return the id of a course, of which one statement in COURSES tells."""
    return f"{HOME}/course/{number}"


def discussion(number: int) -> str:
    """Return the id of a discussion, of which EACH statements tell."""
    return f"{HOME}/discussion/{number}"


def by_learner() -> list[Question]:
    """Ask for the newest statements of every active learner."""
    return [_by_agent(learner(number), PAGE) for number in range(ACTIVE)]


def by_related_agent(count: int) -> dict[str, list[Question]]:
    """Ask for what *count* statements mention of common and of rare agents."""
    common = [_by_agent(instructor(number), PAGE, related_agents="true") for number in range(INSTRUCTORS)]
    rare = [_by_agent(peer(number), EACH, related_agents="true") for number in range(0, count // EACH, 97)]
    everywhere = Question(_query(agent=_json(AUTHORITY), related_agents="true"), "", PAGE)
    return {"related_agents, common": [*common, everywhere], "related_agents, rare": rare}


def by_related_activity(count: int) -> dict[str, list[Question]]:
    """Ask for what *count* statements mention of common and of rare activities."""
    common = [_by_activity(iri, PAGE) for iri in (CATEGORY, *map(course, range(COURSES)))]
    rare = [_by_activity(discussion(number), EACH) for number in range(0, count // EACH, 97)]
    return {"related_activities, common": common, "related_activities, rare": rare}


def _by_agent(mailbox: str, count: int, **more: str) -> Question:
    return Question(_query(agent=_json({"mbox": mailbox}), **more), f'"{mailbox}"', count)


def _by_activity(iri: str, count: int) -> Question:
    return Question(_query(activity=iri, related_activities="true"), f'"{iri}"', count)


def _query(**parameters: str) -> str:
    return urlencode({**parameters, "limit": str(PAGE)})


def _json(agent: dict[str, Any]) -> str:
    return orjson.dumps(agent).decode()

"""The jobs of relinking that imports and batches leave, and how far they have come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg

from shared.postgres import Transaction, load_queries
from shared.xapi.model import Ifi, Iri

CHUNK: Final = 200
"""Statements that one transaction relinks."""
PEOPLE: Final = 100
"""Identities whose statements one query looks for: for those of everybody it would return the whole record."""
FIRST: Final = UUID(int=0)

_QUERIES: Final = load_queries(__package__)


class Reached(NamedTuple):
    """How far a job has come: *at* is a seq of the record, or an index into the job's list.

    Where the list is of artefacts, the statements on the artefact at that index are done up to and including *behind*.
    """

    at: int
    behind: UUID = FIRST


class Job(NamedTuple):
    """What is next in a job: *statements*, those in which *identities* stand, or those that build on *artefacts*.

    Where all three are None, it is the whole record. The job met a bug *failures* times in a row. *at* and *behind* say how far
    it has come (see Reached), *size* how long its list is.
    """

    id: int
    failures: int
    at: int
    behind: UUID
    size: int | None
    identities: list[Ifi] | None
    statements: list[UUID] | None
    artefacts: list[Iri] | None

    @property
    def everything(self) -> bool:
        """Say whether the job is to relink the whole record."""
        return self.size is None

    def past(self, count: int) -> Reached | None:
        """Return how far the job has come after *count* more items of its list; None where that is the end."""
        return Reached(self.at + count) if self.at + count < (self.size or 0) else None


class Part(NamedTuple):
    """Statements to relink now, and how far their job has come after them; None where it is done then."""

    statements: Sequence[UUID]
    reached: Reached | None


class Left(NamedTuple):
    """How many jobs are left: those that wait for their turn, and those that were postponed because they met a bug."""

    waiting: int
    postponed: int


async def due_job(transaction: Transaction) -> Job | None:
    """Return the next job that is due and that no other process holds, if there is one."""
    return _job(await transaction.fetchrow(_QUERIES["due_job"], CHUNK, PEOPLE))


async def any_job(transaction: Transaction) -> Job | None:
    """Return the next job, even if it is postponed or another process holds it."""
    return _job(await transaction.fetchrow(_QUERIES["any_job"], CHUNK, PEOPLE))


async def hold(transaction: Transaction, job: Job) -> bool:
    """Lock a job until the transaction ends; return False where another process has moved or finished it since it was read."""
    return await transaction.fetchval(_QUERIES["hold_job"], job.id, job.at, job.behind) is not None


async def move(transaction: Transaction, job: Job, reached: Reached | None) -> None:
    """Store how far a job that is held has come; delete it where it is done."""
    if reached is None:
        await transaction.execute(_QUERIES["done"], job.id)
    else:
        await transaction.execute(_QUERIES["move_job"], job.id, reached.at, reached.behind)


async def left(transaction: Transaction) -> Left:
    """Count the jobs."""
    return Left(*(await transaction.fetchrow(_QUERIES["jobs_left"]) or ()))


async def postpone(transaction: Transaction, job: Job, reason: str, seconds: float) -> None:
    """Store why a job failed, and leave it alone for *seconds*, unless another process has done so meanwhile."""
    await transaction.execute(_QUERIES["postpone"], job.id, job.failures, reason, seconds)


async def set_aside(transaction: Transaction, statements: Sequence[UUID], failures: int, reason: str, seconds: float) -> None:
    """Move statements over which a job failed to a job of their own, which is left alone for *seconds*."""
    await transaction.execute(_QUERIES["set_aside"], statements, failures, reason, seconds)


def _job(row: asyncpg.Record | None) -> Job | None:
    return None if row is None else Job(*row)

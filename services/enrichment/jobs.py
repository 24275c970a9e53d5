"""What imports and batches leave to be linked anew: the jobs, how far they have come, and how they stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg

from shared.postgres import Transaction, load_queries
from shared.xapi.model import Ifi, Iri

CHUNK: Final = 200
"""Statements that one transaction links anew."""
PEOPLE: Final = 100
"""Identities whose statements are looked for at once: those of everybody are the whole record, which no query returns in time."""
FIRST: Final = UUID(int=0)

_QUERIES: Final = load_queries(__package__)


class Reached(NamedTuple):
    """How far a job has come: to a seq of the record, or in its list; in the artefact that stands there, *behind* a statement."""

    at: int
    behind: UUID = FIRST


class Job(NamedTuple):
    """What is next of a job: where *identities* stand, *statements*, or what builds on *artefacts*; else everything.

    It met a bug *failures* times in a row. It has come as far as *at* and *behind* say (Reached) of *size* in all.
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
        """Say whether the whole record is meant."""
        return self.size is None

    def past(self, count: int) -> Reached | None:
        """Return how far it has come behind *count* more of what it names; None where that is all."""
        return Reached(self.at + count) if self.at + count < (self.size or 0) else None


class Part(NamedTuple):
    """Statements to link anew now, and how far their job has come then; None where it is done."""

    statements: Sequence[UUID]
    reached: Reached | None


class Left(NamedTuple):
    """How many jobs are left: that wait for their turn, and that were postponed since they met a bug."""

    waiting: int
    postponed: int


async def due_job(transaction: Transaction) -> Job | None:
    """Return the job to go on with now, if there is one that nobody is at."""
    return _job(await transaction.fetchrow(_QUERIES["due_job"], CHUNK, PEOPLE))


async def any_job(transaction: Transaction) -> Job | None:
    """Return the job to go on with, be it later or another's just now."""
    return _job(await transaction.fetchrow(_QUERIES["any_job"], CHUNK, PEOPLE))


async def hold(transaction: Transaction, job: Job) -> bool:
    """Have a job alone until the transaction ends; say no where somebody did it, or went on with it, meanwhile."""
    return await transaction.fetchval(_QUERIES["hold_job"], job.id, job.at, job.behind) is not None


async def move(transaction: Transaction, job: Job, reached: Reached | None) -> None:
    """Keep how far a job that is held has come; forget it where it is done."""
    if reached is None:
        await transaction.execute(_QUERIES["done"], job.id)
    else:
        await transaction.execute(_QUERIES["move_job"], job.id, reached.at, reached.behind)


async def left(transaction: Transaction) -> Left:
    """Count the jobs."""
    return Left(*(await transaction.fetchrow(_QUERIES["jobs_left"]) or ()))


async def postpone(transaction: Transaction, job: Job, reason: str, seconds: float) -> None:
    """Keep what a job failed at, and leave it alone for *seconds*, unless another process did so meanwhile."""
    await transaction.execute(_QUERIES["postpone"], job.id, job.failures, reason, seconds)


async def set_aside(transaction: Transaction, statements: Sequence[UUID], failures: int, reason: str, seconds: float) -> None:
    """Leave statements that a job failed at for a job of their own, which is left alone for *seconds*."""
    await transaction.execute(_QUERIES["set_aside"], statements, failures, reason, seconds)


def _job(row: asyncpg.Record | None) -> Job | None:
    return None if row is None else Job(*row)

"""What imports and batches leave to be linked anew: the jobs, and how they stand."""

from __future__ import annotations

from typing import Final, NamedTuple
from uuid import UUID

from shared.postgres import Transaction, load_queries
from shared.xapi.model import Ifi, Iri

_QUERIES: Final = load_queries(__package__)


class Job(NamedTuple):
    """What is to be linked anew: where *identities* stand, *statements*, or what builds on *artefacts*; else everything.

    It met a bug *failures* times in a row.
    """

    id: int
    failures: int
    identities: list[Ifi] | None
    statements: list[UUID] | None
    artefacts: list[Iri] | None

    @property
    def everything(self) -> bool:
        """Say whether the whole record is meant."""
        return self.identities is None and self.statements is None and self.artefacts is None


class Left(NamedTuple):
    """How many jobs are left: that wait for their turn, and that were postponed since they met a bug."""

    waiting: int
    postponed: int


async def due_jobs(transaction: Transaction) -> list[Job]:
    """Return what is to be linked anew now, in order."""
    return [Job(*row) for row in await transaction.fetch(_QUERIES["due_jobs"])]


async def all_jobs(transaction: Transaction) -> list[Job]:
    """Return what is to be linked anew, now or later, in order."""
    return [Job(*row) for row in await transaction.fetch(_QUERIES["all_jobs"])]


async def left(transaction: Transaction) -> Left:
    """Count the jobs."""
    return Left(*(await transaction.fetchrow(_QUERIES["jobs_left"]) or ()))


async def done(transaction: Transaction, job: Job) -> None:
    """Forget a job."""
    await transaction.execute(_QUERIES["done"], job.id)


async def postpone(transaction: Transaction, job: Job, reason: str, seconds: float) -> None:
    """Keep what a job failed at, and leave it alone for *seconds*, unless another process did so meanwhile."""
    await transaction.execute(_QUERIES["postpone"], job.id, job.failures, reason, seconds)

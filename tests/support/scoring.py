"""Scoring on a real database, without a log: batches go to the handler as the loop would hand them."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

from prometheus_client import CollectorRegistry

from services.scoring.digest import Digest, digest
from services.scoring.handler import Scoring
from services.scoring.metrics import ScoringMetrics
from services.scoring.rules import adopt_rules
from shared.clock import utc_now
from shared.contracts import Enriched
from shared.postgres import Database, Query
from shared.settings import PostgresSettings
from shared.stream import Batch, Decision
from tests.support.community import batch
from tests.support.oracle import Impact, impacts

IMPACT = Query("SELECT * FROM impact.learner_impact($1, $2)")
EXPLANATION = Query("SELECT * FROM impact.explanation($1, $2)")
CLEAR = Query("TRUNCATE fact, cell, receipt, artefact, statement_revision, learner_change, objection")
LEARNERS = Query("SELECT DISTINCT beneficiary FROM fact")


class ScoringBench:
    """One handler on one database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.registry = CollectorRegistry()
        self.metrics = ScoringMetrics(self.registry, utc_now)
        self._handler = Scoring(self.metrics)

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: PostgresSettings) -> AsyncIterator[ScoringBench]:
        """Open the database and adopt the rules."""
        database = await Database.open(settings, schema="impact", application="scoring-test")
        try:
            await adopt_rules(database)
            yield cls(database)
        finally:
            await database.close()

    async def apply(self, batch_: Batch) -> Decision:
        """Let the handler decide *batch_* in a transaction, and count what it committed."""
        decision = await self.database.run(lambda transaction: self._handler(batch_, transaction))
        self.metrics.committed()
        return decision

    async def hear(self, messages: Sequence[Enriched], size: int = 100) -> Digest:
        """Apply *messages* in batches of *size* and return the digest of what then stands in the tables."""
        for begin in range(0, len(messages), size):
            await self.apply(batch(messages[begin : begin + size]))
        return await self.digest()

    async def digest(self) -> Digest:
        """Return the digest of the tables."""
        return await digest(self.database)

    async def clear(self) -> None:
        """Empty every table."""
        await self.database.execute(CLEAR)

    async def impact(self, learner: str, as_of: datetime) -> Impact:
        """Read a learner's impact through the contract."""
        row = await self.database.fetchrow(IMPACT, UUID(learner), as_of)
        assert row is not None
        return Impact(row["reception"], row["contribution"], row["grounding"])

    async def credits_of(self, learner: str, as_of: datetime) -> float:
        """Sum the credits of a learner's explanation."""
        return math.fsum(row["credit"] for row in await self.database.fetch(EXPLANATION, UUID(learner), as_of))

    async def check(self, messages: Iterable[Enriched], as_of: datetime, objecting: frozenset[str] = frozenset()) -> None:
        """Compare everybody's impact with the oracle's, and with the sum of its explanation."""
        expected: Mapping[str, Impact] = impacts(messages, as_of, objecting)
        found = {str(row["beneficiary"]) for row in await self.database.fetch(LEARNERS)}
        assert set(expected) <= found
        for who in found:
            read, should = await self.impact(who, as_of), expected.get(who, Impact(0, 0, None))
            assert math.isclose(read.reception, should.reception, abs_tol=1e-9)
            assert math.isclose(read.contribution, should.contribution, abs_tol=1e-9)
            assert (read.grounding is None) == (should.grounding is None)
            assert math.isclose(read.grounding or 0, should.grounding or 0, abs_tol=1e-9)
            assert math.isclose(await self.credits_of(who, as_of), read.reception + read.contribution, abs_tol=1e-9)

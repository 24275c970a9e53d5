"""Read impact through scoring's contract, and write who read it into the audit in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypeAlias
from uuid import UUID

from services.gateway.impact.asking import BEGINNING, ChangeKey, Kind, Purpose, Reference, Shown
from shared.postgres import Database, Transaction, load_queries

_QUERIES: Final = load_queries(__package__)

Row: TypeAlias = Mapping[str, Any]


class Action(StrEnum):
    """What was asked for."""

    IMPACT = "impact"
    EXPLANATION = "explanation"
    CHANGES = "changes"
    OBJECT = "object"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True)
class Reading:
    """Who reads (*key_id*), when, and for which purpose; that is None for objections."""

    key_id: str
    at: datetime
    purpose: Purpose | None


@dataclass(frozen=True, slots=True)
class Changes:
    """A page of changes, and the place after it."""

    rows: Sequence[Row]
    following: ChangeKey


class ImpactStore:
    """Impact as others may read it, and its audit. Every method raises Unavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def impact(self, reading: Reading, reference: Reference, as_of: datetime) -> Row | None:
        """Return the impact of the learner whom *reference* names; None where there is none to show."""
        whom = (reference.value, None, None) if reference.kind is Kind.ID else (None, reference.kind.value, reference.value)
        row = await self._database.fetchrow(_QUERIES["impact"], *whom, as_of, reading.at, reading.key_id, _purpose(reading))
        return None if row is None else dict(row)

    async def explanation(
        self, reading: Reading, reference: Reference, as_of: datetime, limit: int, before: Shown | None
    ) -> Sequence[Row]:
        """Return the impact of the learner whom *reference* names beside each of at most *limit* facts that come after *before*.

        If there are no such facts, it is one row without a fact; it is empty where there is no impact to show.
        """
        place = (None,) * 4 if before is None else (before.credit, before.age_weeks, before.statement, before.dimension)

        async def read(transaction: Transaction) -> Sequence[Row]:
            learner = await _learner(transaction, reference)
            rows = [] if learner is None else await transaction.fetch(_QUERIES["explanation"], learner, as_of, limit, *place)
            await _audit(transaction, reading, Action.EXPLANATION, learner, int(bool(rows)))
            return [dict(row) for row in rows]

        return await self._database.run(read)

    async def changes(self, reading: Reading, key: ChangeKey, as_of: datetime, limit: int) -> Changes | None:
        """Return at most *limit* changes after *key*, in the order of their commits; None where *key* is of another history."""

        async def read(transaction: Transaction) -> Changes | None:
            history = await transaction.fetchval(_QUERIES["current_history"])
            if key not in (BEGINNING, replace(key, history=history)):
                return None
            rows = await transaction.fetch(_QUERIES["changes"], str(key.xid), key.learner, limit, as_of)
            await _audit(transaction, reading, Action.CHANGES, None, len(rows))
            last = (int(rows[-1]["changed_xid"]), rows[-1]["learner"]) if rows else (key.xid, key.learner)
            return Changes([dict(row) for row in rows], ChangeKey(history, *last))

        return await self._database.run(read)

    async def find(self, reading: Reading, reference: Reference, action: Action) -> UUID | None:
        """Return the learner whom *reference* names, or None; *action* is what the audit says was asked for."""

        async def read(transaction: Transaction) -> UUID | None:
            learner = await _learner(transaction, reference)
            await _audit(transaction, reading, action, learner, int(learner is not None))
            return learner

        return await self._database.run(read)


async def _learner(transaction: Transaction, reference: Reference) -> UUID | None:
    if reference.kind is Kind.ID:
        found = await transaction.fetchval(_QUERIES["learner_by_id"], UUID(reference.value))
    else:
        found = await transaction.fetchval(_QUERIES["learner_by_reference"], reference.kind.value, reference.value)
    return None if found is None else UUID(str(found))


async def _audit(transaction: Transaction, reading: Reading, action: Action, learner: UUID | None, learners: int) -> None:
    arguments = reading.at, reading.key_id, action.value, _purpose(reading), learner, learners
    await transaction.execute(_QUERIES["audit"], *arguments)


def _purpose(reading: Reading) -> str | None:
    return reading.purpose.value if reading.purpose is not None else None

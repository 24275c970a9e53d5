"""Scoring's own tables: facts, receipts, cells and objections, changed by whole batches."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from services.scoring.domain.act import ArtefactKey, Identified, LearnerId, StatementId
from services.scoring.domain.cells import CellKey, Difference, Entry
from services.scoring.domain.facts import Fact, Receipt
from services.scoring.domain.rules import Dimension
from services.scoring.domain.week import Week
from shared.portions import portions
from shared.postgres import Transaction, load_queries

QUERIES: Final = load_queries(__package__)
AT_ONCE: Final = 10_000
"""Rows that one statement is about: all facts of a person go in one transaction, and no statement of it takes long."""


class Word(NamedTuple):
    """What *learner* said at the time *at*: that they object to being scored, or no longer do."""

    learner: LearnerId
    objects: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Row:
    """A changed fact: what it adds to its cell, and whether it counts (or counted, where it was deleted)."""

    entry: Entry
    counted: bool

    @property
    def learner(self) -> LearnerId:
        """Return the learner whose impact the fact is part of."""
        return self.entry.key.beneficiary


class Taken(NamedTuple):
    """The facts that were deleted, as they were, and the artefacts that lost a receipt with them."""

    facts: list[Row]
    emptied: frozenset[ArtefactKey]


class Books:
    """The tables in one open *transaction*; locks are taken in the order objections, statements, artefacts, cells."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def share_objections(self) -> None:
        """Keep objections from changing until the transaction ends; many transactions may do so at a time."""
        await self._transaction.execute(QUERIES["share_objections"])

    async def hold_objections(self) -> None:
        """Wait until no other transaction scores, and keep others from scoring until this one ends."""
        await self._transaction.execute(QUERIES["hold_objections"])

    async def rules(self) -> str | None:
        """Return the version of the rules that the tables were made by; None before there is any."""
        current: str | None = await self._transaction.fetchval(QUERIES["current_rules"])
        return current

    async def advance_revisions(self, revisions: Mapping[StatementId, int]) -> dict[StatementId, bool]:
        """Store those *revisions* that are newer; return their statements, each with whether it had a revision before."""
        rows = await self._transaction.fetch(QUERIES["advance_revisions"], list(revisions), list(revisions.values()))
        return {StatementId(row["statement_id"]): row["known"] for row in rows}

    async def lock_artefacts(self, artefacts: Collection[ArtefactKey], statements: Collection[StatementId]) -> None:
        """Lock *artefacts* and those that *statements* touched before."""
        await self._transaction.execute(QUERIES["lock_artefacts"], list(artefacts), list(statements))

    async def objecting(self, learners: Collection[LearnerId]) -> frozenset[LearnerId]:
        """Return who of *learners* objects to being scored."""
        rows = await self._transaction.fetch(QUERIES["objecting"], list(learners))
        return frozenset(LearnerId(row["learner"]) for row in rows)

    async def take(self, statements: Collection[StatementId]) -> Taken:
        """Delete the facts and receipts of *statements*."""
        if not statements:
            return Taken([], frozenset())
        facts = await self._transaction.fetch(QUERIES["take_facts"], list(statements))
        receipts = await self._transaction.fetch(QUERIES["take_receipts"], list(statements))
        return Taken(_rows(facts), frozenset(ArtefactKey(row["artefact"]) for row in receipts))

    async def add(self, version: str, facts: Sequence[Fact], receipts: Sequence[Receipt]) -> None:
        """Insert *facts*, made by the rules of *version*, and *receipts*."""
        if receipts:
            await self._transaction.execute(QUERIES["add_receipts"], *_columns(receipts))
        if facts:
            await self._transaction.execute(QUERIES["add_facts"], version, *_columns(facts))

    async def recount(self, artefacts: Collection[ArtefactKey]) -> list[Row]:
        """Let contributions of *artefacts* count while a grounded learner other than their author has received them.

        A copy never counts. Returns the facts that changed, as they are now.
        """
        turned: list[Row] = []
        for some in portions(list(artefacts), AT_ONCE):
            turned += _rows(await self._transaction.fetch(QUERIES["recount"], some))
        return turned

    async def add_to_cells(self, differences: Sequence[Difference]) -> None:
        """Add *differences*, which are sorted by key; delete cells that are empty then."""
        rows = [(*difference.key, difference.weight, difference.grounded) for difference in differences]
        for some in portions(rows, AT_ONCE):
            await self._transaction.execute(QUERIES["add_to_cells"], *_columns(some))
        smaller = [difference.key for difference in differences if difference.weight < 0]
        for keys in portions(smaller, AT_ONCE):
            await self._transaction.execute(QUERIES["drop_empty_cells"], *_columns(keys))

    async def note_changes(self, learners: Collection[LearnerId]) -> None:
        """Note that this transaction changed the impact of *learners*."""
        for some in portions(sorted(learners), AT_ONCE):
            await self._transaction.execute(QUERIES["note_changes"], some)

    async def keep_objections(self, words: Sequence[Word]) -> list[LearnerId]:
        """Store those *words* that are newer than what is known; return the learners among them who object now."""
        rows = await self._transaction.fetch(QUERIES["keep_objections"], *_columns(words))
        return [LearnerId(row["learner"]) for row in rows if row["objects"]]

    async def inherited(self, identified: Collection[Identified]) -> list[Word]:
        """Return the objections that people made before they were *identified*, unless they have said something newer since."""
        rows = await self._transaction.fetch(QUERIES["inherited"], *_columns(tuple(identified)))
        return [Word(LearnerId(row["learner"]), row["objects"], row["at"]) for row in rows]

    async def take_of(self, learners: Collection[LearnerId]) -> Taken:
        """Delete every fact and receipt in which *learners* occur."""
        given = await self._transaction.fetch(QUERIES["statements_for"], list(learners))
        receipts = await self._transaction.fetch(QUERIES["take_receipts_of"], list(learners))
        taken: list[Row] = []
        for some in portions(sorted({row["statement_id"] for row in (*given, *receipts)}), AT_ONCE):
            taken += _rows(await self._transaction.fetch(QUERIES["take_facts_of"], list(learners), some))
        return Taken(taken, frozenset(ArtefactKey(row["artefact"]) for row in receipts))


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Turn rows into the columns that `unnest` takes."""
    return list(zip(*rows, strict=True))


def _rows(records: Iterable[Any]) -> list[Row]:
    return [
        Row(
            Entry(
                CellKey(
                    LearnerId(record["beneficiary"]),
                    LearnerId(record["actor"]),
                    Dimension(record["dimension"]),
                    Week(record["week"]),
                ),
                record["weight_micro"],
                record["grounded_micro"],
            ),
            record["counted"],
        )
        for record in records
    ]

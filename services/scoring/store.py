"""Scoring's own tables: facts, receipts and cells, changed by whole batches."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from services.scoring.domain.act import ArtefactKey, LearnerId, StatementId
from services.scoring.domain.cells import CellKey, Difference, Entry
from services.scoring.domain.facts import Fact, Receipt
from services.scoring.domain.rules import Dimension
from services.scoring.domain.week import Week
from shared.postgres import Transaction, load_queries

QUERIES: Final = load_queries(__package__)


class Word(NamedTuple):
    """What *learner* said at *at*: that they object to being scored, or no longer do."""

    learner: LearnerId
    objects: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Row:
    """What a changed fact means to cells: *entry*, and whether it counts (now, or did when it was taken)."""

    entry: Entry
    counted: bool

    @property
    def learner(self) -> LearnerId:
        """Return whose impact it is."""
        return self.entry.key.beneficiary


class Books:
    """The tables inside one open transaction, which takes its locks in one order: objections, statements, artefacts, cells."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def share_objections(self) -> None:
        """Hold back objections until the transaction ends."""
        await self._transaction.execute(QUERIES["share_objections"])

    async def hold_objections(self) -> None:
        """Wait until nobody scores, and hold back scoring until the transaction ends."""
        await self._transaction.execute(QUERIES["hold_objections"])

    async def rules(self) -> str | None:
        """Return the version of the rules that the tables were made by."""
        current: str | None = await self._transaction.fetchval(QUERIES["current_rules"])
        return current

    async def advance_revisions(self, revisions: Mapping[StatementId, int]) -> dict[StatementId, bool]:
        """Note the *revisions* that are news; return their statements, and whether an older revision was applied before."""
        rows = await self._transaction.fetch(QUERIES["advance_revisions"], list(revisions), list(revisions.values()))
        return {StatementId(row["statement_id"]): row["known"] for row in rows}

    async def lock_artefacts(self, artefacts: Collection[ArtefactKey], statements: Collection[StatementId]) -> None:
        """Lock *artefacts* and those that *statements* touched before."""
        await self._transaction.execute(QUERIES["lock_artefacts"], list(artefacts), list(statements))

    async def objecting(self, learners: Collection[LearnerId]) -> frozenset[LearnerId]:
        """Return who of *learners* objects to being scored."""
        rows = await self._transaction.fetch(QUERIES["objecting"], list(learners))
        return frozenset(LearnerId(row["learner"]) for row in rows)

    async def take(self, statements: Collection[StatementId]) -> tuple[list[Row], frozenset[ArtefactKey]]:
        """Delete the facts and receipts of *statements*; return the facts as they were, and which artefacts lost a receipt."""
        if not statements:
            return [], frozenset()
        facts = await self._transaction.fetch(QUERIES["take_facts"], list(statements))
        receipts = await self._transaction.fetch(QUERIES["take_receipts"], list(statements))
        return _rows(facts), frozenset(ArtefactKey(row["artefact"]) for row in receipts)

    async def add(self, version: str, facts: Sequence[Fact], receipts: Sequence[Receipt]) -> None:
        """Insert *facts* of the rules *version*, and *receipts*."""
        if receipts:
            await self._transaction.execute(QUERIES["add_receipts"], *_columns(receipts))
        if facts:
            await self._transaction.execute(QUERIES["add_facts"], version, *_columns(facts))

    async def recount(self, artefacts: Collection[ArtefactKey]) -> list[Row]:
        """Make contributions to *artefacts* count if somebody received them; return those that turned over, as they are now."""
        return _rows(await self._transaction.fetch(QUERIES["recount"], list(artefacts)))

    async def add_to_cells(self, differences: Sequence[Difference]) -> None:
        """Add *differences*, sorted by key; a cell that then sums nothing is deleted."""
        if not differences:
            return
        rows = [(*difference.key, difference.weight, difference.grounded) for difference in differences]
        await self._transaction.execute(QUERIES["add_to_cells"], *_columns(rows))
        smaller = [difference.key for difference in differences if difference.weight < 0]
        if smaller:
            await self._transaction.execute(QUERIES["drop_empty_cells"], *_columns(smaller))

    async def note_changes(self, learners: Collection[LearnerId]) -> None:
        """Say that this transaction changed the facts of *learners*."""
        if learners:
            await self._transaction.execute(QUERIES["note_changes"], list(learners))

    async def keep_objections(self, words: Sequence[Word]) -> list[LearnerId]:
        """Keep the *words* that are news; return who of them objects now."""
        rows = await self._transaction.fetch(QUERIES["keep_objections"], *_columns(words))
        return [LearnerId(row["learner"]) for row in rows if row["objects"]]

    async def inherited(self, were: Collection[tuple[LearnerId, LearnerId]]) -> list[Word]:
        """Return the objections that learners have from whom they *were*, and have said nothing newer to themselves."""
        rows = await self._transaction.fetch(QUERIES["inherited"], *_columns(tuple(were)))
        return [Word(LearnerId(row["learner"]), row["objects"], row["at"]) for row in rows]

    async def take_of(self, learners: Collection[LearnerId]) -> tuple[list[Row], frozenset[ArtefactKey]]:
        """Delete every fact and receipt in which *learners* occur; return the facts, and which artefacts lost a receipt."""
        receipts = await self._transaction.fetch(QUERIES["take_receipts_of"], list(learners))
        statements = [row["statement_id"] for row in receipts]
        facts = await self._transaction.fetch(QUERIES["take_facts_of"], list(learners), statements)
        return _rows(facts), frozenset(ArtefactKey(row["artefact"]) for row in receipts)


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

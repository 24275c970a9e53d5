"""Decide a batch: replace the facts of statements that have a newer revision, or delete the facts of people who object."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from services.scoring.domain.act import Act, ArtefactKey, Identified, LearnerId, StatementId
from services.scoring.domain.cells import CellKey, Entry, differences
from services.scoring.domain.facts import Fact, Receipt, facts, receipt
from services.scoring.domain.rules import VERSION
from services.scoring.metrics import Applied, ScoringMetrics
from services.scoring.reading import read_news, read_words
from services.scoring.rules import check_rules
from services.scoring.store import Books, Row
from shared.contracts import ENRICHED, OBJECTION
from shared.postgres import Transaction
from shared.stream import Batch, Decision, Record

GROUP: Final = "scoring"
TOPICS: Final = (ENRICHED, OBJECTION)


class Scoring:
    """The handler of group `scoring`: the same messages leave the same tables, in whatever order and however often they come."""

    def __init__(self, metrics: ScoringMetrics) -> None:
        self._metrics = metrics

    async def __call__(self, batch: Batch, transaction: Transaction) -> Decision:
        """Apply *batch*, which is of one topic; only what cannot be read is rejected.

        Raises Misconfigured where the tables were made by other rules meanwhile, as when a newer version replays beside this one.
        """
        books = Books(transaction)
        if batch.partition.topic == OBJECTION.name:
            return await self._object(batch.records, books)
        return await self._score(batch.records, books)

    async def _score(self, records: Sequence[Record], books: Books) -> Decision:
        """Replace the facts of the statements of which *records* bring a newer revision than was applied."""
        news, rejections = read_news(records)
        applied = Applied()
        if news:
            await _share_objections([each.act for each in news.values()], books)
            check_rules(await books.rules())
            fresh = await books.advance_revisions({statement: each.act.revision for statement, each in news.items()})
            if fresh:
                known = [statement for statement, is_known in fresh.items() if is_known]
                given, taken = await _replace([news[statement].act for statement in fresh], known, books)
                first = [news[statement].received_at for statement, is_known in fresh.items() if not is_known]
                applied = Applied([fact.dimension for fact in given], taken, first)
        self._metrics.await_commit(applied)
        return Decision(rejections=rejections)

    async def _object(self, records: Sequence[Record], books: Books) -> Decision:
        """Store who objects, and delete every fact in which they occur."""
        words, rejections = read_words(records)
        applied = Applied()
        if words:
            await books.hold_objections()
            applied = Applied(taken_back=await _let_go(await books.keep_objections(words), books))
        self._metrics.await_commit(applied)
        return Decision(rejections=rejections)


async def _share_objections(acts: Iterable[Act], books: Books) -> None:
    """Hold new objections back, and carry over those of people whom an import has identified since they objected."""
    identified = frozenset[Identified]().union(*(act.identified for act in acts))
    if not identified or not await books.inherited(identified):
        await books.share_objections()
        return
    await books.hold_objections()
    await _let_go(await books.keep_objections(await books.inherited(identified)), books)


async def _let_go(objecting: Collection[LearnerId], books: Books) -> int:
    """Delete every fact in which those *objecting* occur; return how many there were."""
    if not objecting:
        return 0
    taken, emptied = await books.take_of(objecting)
    await _settle(taken, (), emptied, books)
    return len(taken)


async def _replace(acts: Sequence[Act], known: Sequence[StatementId], books: Books) -> tuple[list[Fact], int]:
    """Delete the facts of the statements *known* and add those of *acts*; return the facts added, and how many were deleted."""
    found = [fact for act in acts for fact in facts(act)]
    receipts = [each for each in map(receipt, acts) if each is not None]
    await books.lock_artefacts(_artefacts(found, receipts), known)
    objecting = await books.objecting(_people(found, receipts))
    given = [fact for fact in found if not objecting & {fact.beneficiary, fact.actor}]
    received = [each for each in receipts if each.actor not in objecting]
    taken, emptied = await books.take(known)
    await books.add(VERSION, given, received)
    await _settle(taken, given, emptied | _artefacts(given, received), books)
    return given, len(taken)


async def _settle(taken: Sequence[Row], given: Sequence[Fact], artefacts: Iterable[ArtefactKey], books: Books) -> None:
    """Update what counts, the cells and the marks of change after facts were *taken* and *given*."""
    turned = await books.recount(frozenset(artefacts))
    minus = [row.entry for row in taken if row.counted] + [row.entry for row in turned if not row.counted]
    plus = [_entry(fact) for fact in given if fact.counted] + [row.entry for row in turned if row.counted]
    await books.add_to_cells(differences(minus, plus))
    await books.note_changes({row.learner for row in (*taken, *turned)} | {fact.beneficiary for fact in given})


def _entry(fact: Fact) -> Entry:
    return Entry(CellKey(fact.beneficiary, fact.actor, fact.dimension, fact.week), fact.weight, fact.grounded)


def _artefacts(found: Iterable[Fact], receipts: Iterable[Receipt]) -> set[ArtefactKey]:
    return {fact.artefact for fact in found} | {each.artefact for each in receipts}


def _people(found: Iterable[Fact], receipts: Iterable[Receipt]) -> set[LearnerId]:
    return {learner for fact in found for learner in (fact.beneficiary, fact.actor)} | {each.actor for each in receipts}

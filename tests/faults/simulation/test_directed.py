"""Two interleavings that random schedules meet too rarely, played on purpose: the rule holds, and without it they go wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from uuid import UUID

import pytest

from services.enrichment.domain.people import LearnerId
from services.enrichment.handler import Enrichment
from services.enrichment.imports import Importer, Kind, Report
from services.enrichment.linking import Linking
from services.enrichment.relink import Relinker
from services.enrichment.store import Store
from shared.contracts import ENRICHED, Enriched, Recorded, decode
from shared.postgres import Database, Query, Transaction
from shared.settings import PostgresSettings
from shared.stream import MemoryLog, PostgresLedger
from shared.stream.publisher import Publisher
from shared.xapi.vocabulary import Verb
from tests.faults.simulation.expected import learner
from tests.faults.simulation.house_rules import HoldsIdentitiesLate, LocksNothingDeeper, WithoutIdentityLock
from tests.faults.simulation.parts import COURSES, MERGE, PEOPLE
from tests.faults.simulation.plot import COURSE
from tests.support.conversation import batch, recorded, statement

EMITTED = Query("SELECT emitted FROM interaction WHERE statement_id = $1")
A_WHILE = 0.3
ASK = statement("ask", "U0", Verb.ASKED, "m1", text=f"Who has done {COURSE}/lesson/3?", second=1)
ANSWER = statement("answer", "U1", Verb.ANSWERED, "m2", parent="m1", second=2)
ACCEPT = statement("accept", "U0", Verb.ACCEPTED, "m2", second=3)
FIRST = statement("first", "U3", Verb.POSTED, "m3", second=4)
SECOND = statement("second", "U3", Verb.LIKED, "m2", second=5)


class Enriching:
    """Enrichment with a store of the test's choice."""

    def __init__(self, database: Database, store: Store) -> None:
        self.database = database
        self.handler = Enrichment(store, Linking(store))
        self.log = MemoryLog()
        publisher = Publisher(owner="relink", log=self.log, ledger=PostgresLedger(database))
        self.relinker = Relinker(database, store, Linking(store), publisher)

    async def hear(self, message: Recorded) -> None:
        await self.database.run(lambda transaction: self.handler(batch(message), transaction))

    async def known(self, identifier: str) -> Enriched:
        return decode(await self.database.fetchval(EMITTED, UUID(identifier)), Enriched)

    async def relink_when(self, merged: asyncio.Task[Report]) -> None:
        """Link anew once the import is through, if it is within a while."""
        done, _ = await asyncio.wait([merged], timeout=A_WHILE)
        if done:
            await self.relinker.turn()


@pytest.fixture
async def database(postgres_settings: PostgresSettings) -> AsyncIterator[Database]:
    opened = await Database.open(postgres_settings, schema="records", application="test")
    importer = Importer(opened)
    await importer.take(Kind.PEOPLE, PEOPLE.encode())
    await importer.take(Kind.COURSES, COURSES.encode())
    yield opened
    await opened.close()


async def links_after_a_redaction_at_once(database: Database, store: Store) -> int:
    """Redact the question while somebody accepts the answer; return how many links the acceptance ends with."""
    enriching = Enriching(database, store)
    for seq, said in enumerate((ASK, ANSWER), start=1):
        await enriching.hear(recorded(said, seq))
    silent = {name: value for name, value in ASK.items() if name != "result"}
    redacted = recorded(silent, 1, redacted_at="2026-03-02T10:00:00Z")
    async with database.transaction() as accepting:
        await enriching.handler(batch(recorded(ACCEPT, 3)), accepting)
        redacting = asyncio.create_task(enriching.hear(redacted))
        await asyncio.wait([redacting], timeout=A_WHILE)
    await redacting
    return len((await enriching.known(ACCEPT["id"])).links)


def merging_between(store: type[Store], merge: Callable[[], Awaitable[None]]) -> Store:
    """Return a store of the class *store* that calls *merge* between what is read and what is written."""

    class Between(store):  # type: ignore[misc,valid-type]
        async def enrolments(self, transaction: Transaction, learners: Iterable[LearnerId]) -> object:
            found = await super().enrolments(transaction, learners)
            await merge()
            return found

    return Between()


async def learner_after_a_merge_at_once(database: Database, store: type[Store]) -> str | None:
    """Say whose account it is while its statement is decided; return who is taken for its learner in the end."""
    enriching = Enriching(database, Store())
    await enriching.log.ensure([ENRICHED])
    await enriching.relinker.turn()
    await enriching.hear(recorded(FIRST, 1))
    merging: list[asyncio.Task[Report]] = []

    async def merge() -> None:
        if not merging:
            merging.append(asyncio.create_task(Importer(database).take(Kind.PEOPLE, MERGE.encode())))
            await enriching.relink_when(merging[0])

    await Enriching(database, merging_between(store, merge)).hear(recorded(SECOND, 2))
    await merging[0]
    await enriching.relinker.turn()
    return (await enriching.known(SECOND["id"])).learner


async def test_who_is_told_at_once_with_what_changes_below_it_ends_right(database: Database) -> None:
    assert await links_after_a_redaction_at_once(database, Store()) == 0


async def test_without_locks_on_what_is_linked_anew_it_ends_wrong(database: Database) -> None:
    assert await links_after_a_redaction_at_once(database, LocksNothingDeeper()) == 1


async def test_a_statement_decided_while_its_account_is_merged_ends_with_the_person(database: Database) -> None:
    assert await learner_after_a_merge_at_once(database, Store) == str(learner(3))


@pytest.mark.parametrize("store", [WithoutIdentityLock, HoldsIdentitiesLate])
async def test_without_the_identity_lock_or_with_a_late_one_it_ends_with_nobody(database: Database, store: type[Store]) -> None:
    assert await learner_after_a_merge_at_once(database, store) != str(learner(3))

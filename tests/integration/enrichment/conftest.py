"""Enrichment's parts on a fresh database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.enrichment.handler import Enrichment
from services.enrichment.imports import Importer
from services.enrichment.linking import Linking
from services.enrichment.relink import Relinker
from services.enrichment.store import Store
from shared.contracts import ENRICHED, Enriched, Recorded, decode
from shared.postgres import Database, Query
from shared.settings import PostgresSettings
from shared.stream import Decision, MemoryLog, PostgresLedger
from shared.stream.publisher import Publisher
from tests.support.conversation import batch


class House:
    """Enrichment as a test drives it: what is heard, and the newest of what is said of each statement."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.store = Store()
        self.linking = Linking(self.store)
        self.handler = Enrichment(self.store, self.linking)
        self.importer = Importer(database)
        self.log = MemoryLog()
        publisher = Publisher(owner="relink", log=self.log, ledger=PostgresLedger(database))
        self.relinker = Relinker(database, self.store, self.linking, publisher)
        self.said: list[Enriched] = []

    async def decide(self, *messages: Recorded) -> Decision:
        return await self.database.run(lambda transaction: self.handler(batch(*messages), transaction))

    async def hear(self, *messages: Recorded) -> None:
        decision = await self.decide(*messages)
        assert not decision.rejections
        self.said += [decode(one.value, Enriched) for one in decision.outgoing]

    async def relink(self) -> None:
        """Do what imports asked for, and hear what is said of it."""
        await self.log.ensure([ENRICHED])
        await self.relinker.turn()
        inbox = await self.log.inbox("test", [ENRICHED])
        for partition in await inbox.assignment():
            await inbox.seek(partition, 0)
        while heard := await inbox.fetch(100, 0.0):
            self.said += [decode(record.value, Enriched) for record in heard.records]
        await inbox.close()

    async def forget(self) -> None:
        """Forget every statement; people and courses stay."""
        await self.database.execute(Query("TRUNCATE interaction, wording_band CASCADE"))
        self.said.clear()

    def known(self) -> dict[str, Enriched]:
        """Return the newest message of each statement."""
        newest: dict[str, Enriched] = {}
        for one in self.said:
            if one.id not in newest or newest[one.id].revision < one.revision:
                newest[one.id] = one
        return newest


@pytest.fixture
async def house(postgres_settings: PostgresSettings) -> AsyncIterator[House]:
    database = await Database.open(postgres_settings, schema="records", application="test")
    yield House(database)
    await database.close()

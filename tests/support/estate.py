"""A record in which people occur, and what erases them from it."""

from __future__ import annotations

from typing import Any

from services.gateway.domain.keychain import Keychain
from services.gateway.persons.erasing import Erasing
from services.gateway.persons.person import Person, with_hashes
from shared.contracts import RECORDED, Recorded, decode
from shared.postgres import Query
from shared.settings import PostgresSettings
from shared.stream import MemoryLog
from shared.xapi.model import Ifi
from tests.support.dump import tables_holding
from tests.support.lrs import Lrs
from tests.support.received import activity, statement

KEYS = Keychain.of(bytes(32))
ANN = {"objectType": "Agent", "name": "Ann Arbor", "mbox": "mailto:ann.arbor@example.org"}
BOB = {"objectType": "Agent", "name": "Bob", "mbox": "mailto:bob@example.org"}
ANN_AT_WORK = {"objectType": "Agent", "account": {"homePage": "https://work.example", "name": "a.arbor"}}
PERSON = Person(with_hashes([Ifi("mbox::mailto:ann.arbor@example.org"), Ifi("account::a.arbor@https://work.example")]))
POST = "https://forum.example/t/7"
MARK = "zanzibar-marmalade"
TRACES = ("ann.arbor@example.org", "Ann Arbor", "a.arbor", MARK)
LATER = "2126-01-31T12:00:01.000000Z"


class Estate:
    """A record, and what erases people from it."""

    def __init__(self, lrs: Lrs, settings: PostgresSettings) -> None:
        self.lrs = lrs
        self.settings = settings
        self.log = MemoryLog()
        self.erasing = Erasing(lrs.database, self.log, KEYS)

    async def erase(self, person: Person = PERSON) -> int:
        pages: list[int] = []
        await self.erasing.erase(person, "ticket 7", pages.append)
        return sum(pages)

    async def traces(self) -> dict[str, set[str]]:
        return await tables_holding(self.settings, TRACES)

    async def news(self) -> dict[str, Recorded]:
        """Return the last word on each statement that was said of the erasure."""
        inbox = await self.log.inbox("test", [RECORDED])
        for partition in await inbox.assignment():
            await inbox.seek(partition, 0)
        heard: dict[str, Recorded] = {}
        while batch := await inbox.fetch(1000, 0.0):
            heard |= {message.id: message for message in (decode(each.value, Recorded) for each in batch.records)}
        await inbox.close()
        return heard

    async def unfinished(self) -> int:
        """Return how many erasures did not come to their end."""
        return int(await self.lrs.database.fetchval(Query("SELECT count(*) FROM erasure WHERE finished_at IS NULL")))


def own(number: int = 1, **changes: Any) -> dict[str, Any]:
    """Return what Ann wrote."""
    return statement(number, actor=ANN, object=activity(POST, MARK), result={"response": MARK}, **changes)


def others(number: int = 2, **changes: Any) -> dict[str, Any]:
    """Return what Bob wrote about it, in which Ann stands."""
    context = {"instructor": ANN_AT_WORK, "contextActivities": {"parent": [activity(POST, MARK)]}}
    return statement(number, actor=BOB, result={"response": "Bob's words"}, context=context, **changes)

"""What an older release left is told by this one: what waits in the tables, and what was heard and lies in the log.

The rows are as those releases wrote them: of what waited before doors had a log, and of what was heard before a place said
whether it was public. Each holds something, a rule or a field, that none before it does.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec
import pytest

from services.ingest.book import SourceBook
from services.ingest.domain.identity import id_of
from services.ingest.domain.interaction import Interaction
from services.ingest.domain.reading import Reading, Undecided
from services.ingest.domain.settlement import NOTHING_KNOWN, Patience, decide
from services.ingest.domain.source import SourceId
from shared.contracts import HEARD, Heard, decode
from shared.postgres import Query
from shared.stream import Outgoing
from tests.integration.ingest.conftest import House
from tests.integration.ingest.test_order import emptied, sweeping

GOLDEN: Final = Path(__file__).parents[2] / "unit" / "ingest" / "golden"
ADD: Final = Query("INSERT INTO pending (source, statement, target, undecided, due) VALUES ($1, $2, $3, $4, $5)")


class Row(msgspec.Struct):
    """What waited for something, as the table has it."""

    source: SourceId
    statement: str
    undecided: msgspec.Raw

    @property
    def read(self) -> Undecided:
        return msgspec.json.decode(self.undecided, type=Undecided)


WAITING: Final = [
    msgspec.json.decode(line, type=Row) for line in (GOLDEN / "waiting_before_the_log.jsonl").read_bytes().splitlines()
]
HEARD_THEN: Final = (GOLDEN / "heard_without_public_places.jsonl").read_bytes().splitlines()


def keeps(then: Any, now: Any) -> bool:
    """Say whether all that was written *then* is written *now*; what is nothing need not be."""
    if isinstance(then, dict):
        return all(keeps(value, now.get(name)) for name, value in then.items())
    if isinstance(then, list):
        return then == [] or (len(then) == len(now) and all(map(keeps, then, now)))
    return bool(then == now)


@pytest.mark.parametrize("row", WAITING, ids=lambda row: f"{row.source} {row.read.rule}")
def test_what_waited_is_read_whole_and_has_the_id_that_it_had(row: Row) -> None:
    assert keeps(msgspec.json.decode(row.undecided), msgspec.to_builtins(row.read))
    assert id_of(row.source, row.read.interaction) == row.statement


@pytest.mark.parametrize("value", HEARD_THEN, ids=lambda value: decode(value, Heard).source)
def test_what_was_heard_is_read_whole(value: bytes) -> None:
    heard = decode(value, Heard)

    assert keeps(msgspec.json.decode(heard.reading), msgspec.to_builtins(decode(bytes(heard.reading), Reading)))


async def test_what_waited_is_told_when_it_has_waited_long_enough(house: House) -> None:
    ear = await emptied(house)
    await ear.hear()
    for row in WAITING:
        await house.database.execute(ADD, row.source, UUID(row.statement), row.read.target, bytes(row.undecided), house.now)
    book = SourceBook(house.sources.load, house.clock, 1.0)
    sweep = sweeping(ear, book)

    await sweep.once()

    meant = {row.statement for row in WAITING if isinstance(decide(row.read, NOTHING_KNOWN, Patience.SPENT), Interaction)}
    assert {statement for statement, _ in ear.told()} == meant
    assert await ear.store.count() == 0


async def test_what_was_heard_is_told(house: House) -> None:
    await house.log.append([Outgoing(HEARD, value, decode(value, Heard).source.encode()) for value in HEARD_THEN])

    await house.tell()

    decided = [
        id_of(SourceId(heard.source), each)
        for heard in (decode(value, Heard) for value in HEARD_THEN)
        for each in decode(bytes(heard.reading), Reading).decided
    ]
    assert set(decided) <= {statement for statement, _ in house.ear().told()}

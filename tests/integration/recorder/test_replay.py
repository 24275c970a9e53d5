"""The record said again is the record as it stands."""

from __future__ import annotations

from services.gateway.recorder.replay import replay
from shared.contracts import RECORDED, Recorded, decode
from shared.stream.memory import MemoryLog
from tests.support.lrs import Lrs
from tests.support.received import activity, id_of, request, statement, voiding


async def test_every_statement_is_said_once_as_it_stands(lrs: Lrs) -> None:
    iri = "https://acme.slack.com/archives/C1/p9"
    await lrs.take(request(*map(statement, range(1, 8))), request(statement(8, object=activity(iri))))
    await lrs.take(request(voiding(9, target=1)), request(redacts=(iri,)))
    log = MemoryLog()
    await log.ensure([RECORDED])

    last = await replay(lrs.database, log, page=2)

    messages = [decode(record.value, Recorded) for partition in log.records.values() for record in partition]
    assert last == 9
    assert sorted(message.seq for message in messages) == list(range(1, 10))
    assert {message.id for message in messages if message.voided} == {id_of(1)}
    assert {message.id for message in messages if message.redacted_at} == {id_of(8)}
    assert {bytes(message.statement) for message in messages} == {row["body"] for row in await lrs.rows()}


async def test_an_empty_record_says_nothing(lrs: Lrs) -> None:
    log = MemoryLog()
    await log.ensure([RECORDED])

    assert await replay(lrs.database, log) == 0

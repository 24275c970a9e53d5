"""What is taken, what is refused, and what is stored of it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from itertools import pairwise
from typing import Any

import msgspec
import orjson
import pytest

from services.gateway.recorder import Recorder, RecorderStep
from shared.contracts import Received
from shared.stream import Decision
from shared.xapi.canonical import cut
from shared.xapi.model import StatementId
from tests.support.lrs import Lrs, body, said
from tests.support.received import batch, id_of, received_statement, request, statement


async def test_a_received_statement_is_recorded_and_said(lrs: Lrs) -> None:
    decision = await lrs.take(request(statement(1)))

    (message,) = said(decision)
    (row,) = await lrs.rows()
    assert decision.outgoing[0].key == id_of(1).encode()
    assert (message.id, message.seq, message.voided, message.redacted_at) == (id_of(1), 1, False, None)
    assert bytes(message.statement) == row["body"]
    assert body(message)["stored"] == message.stored
    assert message.received_at == "2026-01-31T12:00:01.000000Z"


async def test_bytes_are_stored_as_they_came_with_stored_added(lrs: Lrs) -> None:
    response = r'"response":"nul \u0000, astral \ud83d\ude00, slash \/ and 1.0 stays 1.0"'
    raw = orjson.dumps(statement(1))[:-1] + b', "result" : {"score":{"raw":1.00e0},' + response.encode() + b"}}"

    await lrs.take(request(raw))

    stored = await lrs.store.one(StatementId(id_of(1)))
    assert stored is not None
    assert stored.startswith(raw[:-1] + b',"stored":"')
    assert orjson.loads(cut(stored, "stored")) == orjson.loads(raw)


async def test_nul_in_an_account_name_is_recorded_and_found(lrs: Lrs) -> None:
    actor = {"account": {"homePage": "https://acme.slack.com", "name": "a\0b"}}

    decision = await lrs.take(request(statement(1, actor=actor)))

    assert not decision.rejections
    assert body(said(decision)[0])["actor"] == actor


async def test_seq_is_dense_and_stored_increases_by_at_least_a_microsecond(lrs: Lrs) -> None:
    await lrs.take(request(*map(statement, range(1, 6))), request(statement(6)))
    await lrs.take(request(statement(7)))

    rows = await lrs.rows()

    assert [row["seq"] for row in rows] == [1, 2, 3, 4, 5, 6, 7]
    assert all(one["stored"] < two["stored"] for one, two in pairwise(rows))


async def test_the_same_again_is_taken_in_silence(lrs: Lrs) -> None:
    again = request(statement(1), statement(2))

    first = await lrs.take(request(statement(1)), again, again)
    second = await lrs.take(again)

    assert [message.id for message in said(first)] == [id_of(1), id_of(2)]
    assert second == Decision()
    assert len(await lrs.rows()) == 2


async def test_other_content_under_a_recorded_id_refuses_the_whole_request(lrs: Lrs) -> None:
    await lrs.take(request(statement(1)))

    decision = await lrs.take(request(statement(2)), request(statement(3), statement(1, timestamp="2026-02-01T00:00:00Z")))

    (rejection,) = decision.rejections
    assert rejection.record.offset == 1
    assert rejection.reason == f"conflict: {id_of(1)} recorded with other content; with them 1 refused beside"
    assert [message.id for message in said(decision)] == [id_of(2)]
    assert len(await lrs.rows()) == 2


async def test_of_two_contents_in_one_batch_the_first_is_recorded(lrs: Lrs) -> None:
    other = statement(1, timestamp="2026-02-01T00:00:00Z")

    decision = await lrs.take(request(statement(1)), request(other))

    assert [rejection.record.offset for rejection in decision.rejections] == [1]
    assert body(said(decision)[0])["timestamp"] == statement(1)["timestamp"]


def tampered(**changes: Any) -> Received:
    """Return a request whose only statement was received under other words than its own."""
    received = received_statement(statement(1))
    fields = {"id": received.id, "digest": received.digest, "body": received.body, **changes}
    return request(statements=(type(received)(**fields),))


POISON: dict[str, tuple[Received | bytes, str]] = {
    "no JSON": (b"\xff{", "unreadable: not a Received message"),
    "no message": (b"[]", "unreadable: not a Received message"),
    "no object": (request(statement(1, object=None)), "unreadable: statement 0: /object"),
    "no authority": (request({k: v for k, v in statement(1).items() if k != "authority"}), "authority missing"),
    "no version": (request({k: v for k, v in statement(1).items() if k != "version"}), "version missing"),
    "stored already": (request(statement(1, stored="2026-01-31T12:00:00Z")), "it says when it was stored"),
    "another id": (tampered(id=id_of(2)), "its id is not the one"),
    "an odd digest": (tampered(digest="abc"), "unreadable: statement 0"),
    "a short digest": (tampered(digest="abcd"), "its digest has not 64 digits"),
    "the same id twice": (request(statement(1), statement(1)), "an id stands twice"),
    "NUL in the source": (request(statement(1), source="source:\0"), "$.source"),
    "no time of receipt": (request(statement(1), received_at="yesterday"), "unreadable: "),
    "a duplicate key": (tampered(body=msgspec.Raw(b'{"id":1,"id":2}')), "same key twice"),
}


@pytest.mark.parametrize(("poison", "reason"), POISON.values(), ids=POISON.keys())
async def test_poison_is_refused_with_its_reason_and_its_neighbours_go_on(
    lrs: Lrs, poison: Received | bytes, reason: str
) -> None:
    decision = await lrs.take(request(statement(10)), poison, request(statement(11)))

    (rejection,) = decision.rejections
    assert rejection.record.offset == 1
    assert reason in rejection.reason
    assert [message.id for message in said(decision)] == [id_of(10), id_of(11)]


async def test_a_batch_of_nothing_but_poison_takes_no_lock(lrs: Lrs) -> None:
    decision = await lrs.take(b"", b"{}")

    assert len(decision.rejections) == 2
    assert not await lrs.rows()


async def test_what_is_rolled_back_was_never_recorded(lrs: Lrs) -> None:
    with suppress(ZeroDivisionError):
        async with lrs.database.transaction() as transaction:
            await lrs.recorder(batch(request(statement(1))), transaction)
            raise ZeroDivisionError

    await lrs.take(request(statement(2)))

    assert [(row["seq"], str(row["id"])) for row in await lrs.rows()] == [(1, id_of(2))]


async def test_digests_are_the_verdict_on_what_was_posted(lrs: Lrs) -> None:
    posted = [received_statement(statement(number)) for number in (1, 2)]
    await lrs.take(request(statement(1)))

    digests = await lrs.store.digests([StatementId(each.id) for each in posted])

    assert digests == {id_of(1): bytes.fromhex(posted[0].digest)}


async def test_very_long_identifiers_are_recorded(lrs: Lrs) -> None:
    long = "https://example.org/" + "x" * 100_000
    actor = {"account": {"homePage": "https://acme.slack.com", "name": "n" * 100_000}}

    decision = await lrs.take(request(statement(1, actor=actor, verb={"id": long}, object={"id": long})))

    assert not decision.rejections
    assert len(decision.outgoing) == 1


async def test_the_steps_are_told_in_their_order(lrs: Lrs) -> None:
    told: list[object] = []

    async def observe(step: object) -> None:
        await asyncio.sleep(0)
        told.append(step)

    async with lrs.database.transaction() as transaction:
        await Recorder(observer=observe)(batch(request(statement(1))), transaction)

    assert told == [
        RecorderStep.LOCKED,
        RecorderStep.READ,
        RecorderStep.RULED,
        RecorderStep.COPIED,
        RecorderStep.RELATIONS_COPIED,
    ]

"""What a platform deleted is overwritten in the record, whichever came first, the text or the news of its deletion."""

from __future__ import annotations

from typing import Any

import pytest

from services.gateway.recorder import store
from shared.contracts import Received, decode, encode
from shared.postgres import Query
from shared.stream import Batch, DeadLetter, PostgresLedger
from tests.support.lrs import Lrs, body, said
from tests.support.received import PARTITION, activity, id_of, received_statement, record, request, statement

POST = "https://acme.slack.com/archives/C1/p77"
SECRET = "the launch is in May"
EARLY, LATE = "2026-01-31T13:00:00.000000Z", "2026-01-31T14:00:00.000000Z"


def posted(number: int = 1, **changes: object) -> Received:
    return request(statement(number, object=activity(POST, SECRET), result={"response": SECRET}), **changes)


def deleted(number: int = 9, at: str = LATE, **changes: object) -> Received:
    gone = statement(number, verb={"id": "http://activitystrea.ms/delete"}, object=activity(POST, "a message"))
    return request(gone, redacts=(POST,), received_at=at, **changes)


async def test_text_is_overwritten_when_the_platform_deletes_it(lrs: Lrs) -> None:
    await lrs.take(posted())

    decision = await lrs.take(deleted())

    news = {message.id: message for message in said(decision)}
    assert news[id_of(1)].redacted_at == LATE
    assert SECRET not in str(body(news[id_of(1)]))
    assert body(news[id_of(1)])["object"] == {
        "objectType": "Activity",
        "id": POST,
        "definition": {"type": "http://activitystrea.ms/note"},
    }
    assert SECRET.encode() not in b"".join(row["body"] for row in await lrs.rows())


async def test_text_that_comes_after_its_deletion_is_never_stored(lrs: Lrs) -> None:
    await lrs.take(deleted())

    decision = await lrs.take(posted())

    (message,) = said(decision)
    assert message.redacted_at == LATE
    assert SECRET not in str(body(message))


async def test_both_orders_leave_the_same_bytes_but_for_stored(lrs: Lrs) -> None:
    await lrs.take(posted(1), deleted(8))
    await lrs.take(posted(2))

    first, _, second = await lrs.rows()

    sizes = {len(first["body"]), len(second["body"])}
    assert len(sizes) == 1
    assert first["redacted_at"] == second["redacted_at"]


async def test_the_news_of_a_deletion_stays_as_it_is(lrs: Lrs) -> None:
    decision = await lrs.take(deleted(8), deleted(9, at=EARLY))

    assert [(message.id, message.redacted_at) for message in said(decision)] == [(id_of(8), None), (id_of(9), None)]
    assert body(said(decision)[0])["object"]["definition"]["name"] == {"en": "a message"}


async def test_the_same_deletion_again_says_nothing_and_an_earlier_one_moves_the_time(lrs: Lrs) -> None:
    await lrs.take(posted(), deleted(9))

    again = await lrs.take(deleted(9))
    later = await lrs.take(deleted(9, at="2026-02-01T00:00:00.000000Z"))
    earlier = await lrs.take(deleted(9, at=EARLY))

    assert again.outgoing == later.outgoing == ()
    assert [(message.id, message.redacted_at) for message in said(earlier)] == [(id_of(1), EARLY)]


async def test_another_source_redacts_only_its_own(lrs: Lrs) -> None:
    await lrs.take(posted())

    await lrs.take(deleted(source="source:discourse"))

    assert not any(row["redacted_at"] for row in await lrs.rows())


async def test_digest_id_and_seq_outlive_the_text_so_that_it_cannot_come_back(lrs: Lrs) -> None:
    await lrs.take(posted())
    (before,) = await lrs.rows()
    await lrs.take(deleted())

    decision = await lrs.take(posted())

    after = (await lrs.rows())[0]
    assert decision.outgoing == ()
    assert [before[name] for name in ("seq", "id", "digest", "stored")] == [
        after[name] for name in ("seq", "id", "digest", "stored")
    ]


async def test_what_is_refused_of_it_afterwards_is_refused_without_its_text(lrs: Lrs) -> None:
    await lrs.take(posted(), deleted())
    contradicting = statement(1, object=activity(POST, SECRET), result={"response": SECRET}, timestamp="2026-02-01T00:00:00Z")

    decision = await lrs.take(request(contradicting, statement(3, result={"response": "kept"})))

    (rejection,) = decision.rejections
    assert SECRET.encode() not in rejection.record.value
    assert b"kept" in rejection.record.value
    assert decode(rejection.record.value, Received).statements[0].digest == received_statement(contradicting).digest


def conflicting(**changes: object) -> dict[str, Any]:
    """Return another content of statement 1, which is about the post."""
    return statement(1, **{"object": activity(POST, SECRET), "result": {"response": SECRET}, "timestamp": LATE, **changes})


MOVED = activity("https://acme.slack.com/archives/C2/p77", SECRET)
NEIGHBOUR = statement(3, result={"response": "kept"})
BROKEN = encode(posted(1)).replace(b"receivedAt", b"recievedAt")
REFUSED = {
    "of the post": request(conflicting(), NEIGHBOUR),
    "of the post, by the address it had before": request(conflicting(object=MOVED), NEIGHBOUR),
    "not readable": BROKEN,
}


async def bury(lrs: Lrs, value: Received | bytes, offset: int) -> None:
    """Let *value* come at *offset*, be refused, and be kept as the consumer keeps it."""
    async with lrs.database.transaction() as transaction:
        came = Batch(PARTITION, (record(value, offset),))
        (refused,) = (await lrs.recorder(came, transaction)).rejections
        letter = DeadLetter("recorder", refused.record, refused.reason, 1, refused.cause, refused.digest, settled=refused.settled)
        await PostgresLedger(lrs.database).bury([letter], transaction)


@pytest.mark.parametrize("refused", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("order", ["refused, deleted", "deleted, refused"])
async def test_no_dead_letter_keeps_the_text_whichever_was_first(lrs: Lrs, refused: Received | bytes, order: str) -> None:
    await lrs.take(posted())

    for event in order.split(", "):
        await (bury(lrs, refused, 1) if event == "refused" else lrs.take(deleted()))

    ((value, reason, state, settled),) = await lrs.database.fetch(
        Query("SELECT value, reason, state, settled_at IS NOT NULL FROM dead_letter")
    )
    assert SECRET.encode() not in value + reason.encode()
    assert (b"kept" in value, state, settled) == (
        (False, "discarded", True) if refused is BROKEN else (True, "quarantined", False)
    )


async def test_what_everybody_acted_upon_is_overwritten_part_by_part(lrs: Lrs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "PAGE_ROWS", 2)
    for number in range(1, 6):
        await lrs.take(posted(number))

    decision = await lrs.take(deleted())

    assert {message.id for message in said(decision) if message.redacted_at == LATE} == {id_of(number) for number in range(1, 6)}
    assert SECRET.encode() not in b"".join(row["body"] for row in await lrs.rows())


async def test_what_was_refused_of_other_things_and_sources_is_kept_whole(lrs: Lrs) -> None:
    await lrs.take(posted())
    await bury(lrs, BROKEN.replace(POST.encode(), POST.encode() + b"0").replace(id_of(1).encode(), id_of(4).encode()), 1)
    await bury(lrs, BROKEN.replace(posted().source.encode(), b"source:discourse"), 2)

    await lrs.take(deleted())

    letters = await lrs.database.fetch(Query("SELECT value, state FROM dead_letter"))
    assert [(SECRET.encode() in row["value"], row["state"]) for row in letters] == [(True, "waiting")] * 2


async def test_news_of_a_deletion_alone_redacts_what_is_there_and_what_is_to_come(lrs: Lrs) -> None:
    news = Received(received_at=LATE, source=posted().source, authority=posted().authority, statements=(), redacts=(POST,))
    await lrs.take(posted(1))

    decision = await lrs.take(news)
    late = await lrs.take(posted(2))

    assert [message.redacted_at for message in (*said(decision), *said(late))] == [LATE, LATE]
    assert SECRET.encode() not in b"".join(row["body"] for row in await lrs.rows())

"""After an erasure: what comes late, what comes after, what is told again, and erasing once more."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from services.gateway.persons.person import Person, with_hashes
from services.gateway.persons.store import PAGE_STATEMENTS
from services.gateway.recorder.replay import replay
from shared.contracts import encode
from shared.stream import DeadLetter, PostgresLedger
from shared.stream.dead_letters import DeadLetters
from shared.xapi.model import Ifi
from tests.support.estate import ANN, ANN_AT_WORK, BOB, LATER, MARK, PERSON, TRACES, Estate, others, own
from tests.support.lrs import said
from tests.support.received import id_of, request, statement


def hashes(person: Person) -> str:
    """Return the hash of the address that *person* has."""
    return next(each.removeprefix("mbox_sha1sum::") for each in person.identities if each.startswith("mbox_sha1sum::"))


async def test_the_same_again_is_a_repeat_and_the_same_id_with_other_content_a_conflict(estate: Estate) -> None:
    again = request(own(), others())
    await estate.lrs.take(again)
    await estate.erase()

    repeated = await estate.lrs.take(again)
    contradicted = await estate.lrs.take(request(own(timestamp="2026-02-01T00:00:00Z")))

    assert (repeated.outgoing, repeated.rejections) == ((), ())
    assert [rejection.cause for rejection in contradicted.rejections] == ["conflict"]
    assert MARK.encode() not in contradicted.rejections[0].record.value
    assert b"arbor" not in contradicted.rejections[0].record.value


async def test_a_conflict_that_waits_in_quarantine_is_counted_again_and_not_kept_again(estate: Estate) -> None:
    ledger, contradicting = PostgresLedger(estate.lrs.database), own(timestamp="2026-02-01T00:00:00Z")
    await estate.lrs.take(request(own()))

    async def refuse(offset: int, **more: str) -> None:
        (refused,) = (await estate.lrs.take(request(contradicting, **more))).rejections
        came = msgspec.structs.replace(refused.record, offset=offset)
        letter = DeadLetter("recorder", came, refused.reason, 1, refused.cause, refused.digest)
        async with ledger.transaction() as transaction:
            await ledger.bury([letter], transaction)

    await refuse(1)
    await estate.erase()
    await refuse(2, received_at=LATER)

    (letter,) = await DeadLetters(estate.lrs.database).list(state="quarantined")
    assert letter.times == 2
    assert await estate.traces() == {}


async def test_what_comes_late_is_recorded_as_if_it_had_been_there(estate: Estate) -> None:
    await estate.lrs.take(request(own(10), others(11)))
    await estate.erase()

    decision = await estate.lrs.take(request(own(20), others(21), statement(22)))

    early, late = (await estate.lrs.rows())[:2], (await estate.lrs.rows())[2:]
    messages = {message.id: message for message in said(decision)}
    assert await estate.traces() == {}
    assert [(row["redacted_at"] is not None, row["names_only"]) for row in late] == [(True, False), (True, True), (False, False)]
    assert [len(row["body"]) for row in early] == [len(row["body"]) for row in late[:2]]
    assert (messages[id_of(20)].names_only, messages[id_of(21)].names_only) == (False, True)
    assert messages[id_of(22)].redacted_at is None


@pytest.mark.parametrize(
    "actor", [ANN, ANN_AT_WORK, {"mbox_sha1sum": hashes(PERSON)}], ids=["address", "account", "hash of the address"]
)
async def test_what_comes_late_and_cannot_be_read_is_kept_empty_where_the_person_may_stand_in_it(
    estate: Estate, actor: dict[str, Any]
) -> None:
    await estate.erase()
    unreadable = encode(request(statement(1, actor=actor, verb={"id": "no IRI"})))

    (refused,) = (await estate.lrs.take(unreadable, request(statement(2)))).rejections
    (alone,) = (await estate.lrs.take(unreadable)).rejections
    (of_others,) = (await estate.lrs.take(encode(request(statement(1, actor=BOB, verb={"id": "no IRI"}))))).rejections

    assert (refused.settled, refused.reason, refused.record.value) == (True, "erased", b"")
    assert alone == refused
    assert not of_others.settled
    assert b"Bob" in of_others.record.value


async def test_what_the_person_does_afterwards_is_new(estate: Estate) -> None:
    await estate.lrs.take(request(own()))
    await estate.erase()

    await estate.lrs.take(request(own(21), received_at=LATER))

    assert MARK.encode() in (await estate.lrs.rows())[1]["body"]


async def test_a_replay_of_the_record_says_nothing_of_the_person(estate: Estate) -> None:
    await estate.lrs.take(request(own(), others()))
    await estate.erase()

    await replay(estate.lrs.database, estate.log)

    assert {message.names_only for message in (await estate.news()).values()} == {True, False}
    assert not any(trace.encode() in bytes(message.statement) for message in (await estate.news()).values() for trace in TRACES)


class _Crash(Exception):
    pass


async def test_interrupted_it_is_whole_after_being_done_again(estate: Estate) -> None:
    for start in range(0, 2 * PAGE_STATEMENTS, 100):
        await estate.lrs.take(request(*(own(1 + start + number) for number in range(100))))

    def crash(_: int) -> None:
        raise _Crash

    with pytest.raises(_Crash):
        await estate.erasing.erase(PERSON, "", crash)
    half = [row["redacted_at"] is not None for row in await estate.lrs.rows()]
    await estate.erase()

    assert (half.count(True), half.count(False)) == (PAGE_STATEMENTS, PAGE_STATEMENTS)
    assert await estate.traces() == {}
    assert await estate.unfinished() == 0


async def test_erasing_again_changes_nothing(estate: Estate) -> None:
    await estate.lrs.take(request(own(), others()))
    await estate.erase()
    before = await estate.lrs.rows()

    counted = await estate.erase()

    assert (counted, await estate.lrs.rows()) == (0, before)


async def test_two_people_in_one_statement_are_erased_one_after_the_other(estate: Estate) -> None:
    await estate.lrs.take(request(others()))
    await estate.erase()

    await estate.erase(Person(with_hashes([Ifi("mbox::mailto:bob@example.org")])))

    (row,) = await estate.lrs.rows()
    assert not row["names_only"]
    assert b"Bob" not in row["body"]
    assert (await estate.news())[id_of(2)].names_only is False

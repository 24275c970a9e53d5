"""What becomes of requests: taken or refused whole, in their order, whatever arrived first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from services.gateway.domain.keys import activity_key
from services.gateway.recorder.requests import read
from services.gateway.recorder.ruling import Known, Ruling, rule
from shared.contracts import Received, ReceivedStatement
from shared.stream import Cause
from shared.xapi import canonical
from shared.xapi.model import StatementId
from tests.support.received import activity, id_of, received_statement, record, request, statement, voiding

NOW = datetime(2026, 1, 31, 12, 0, 5, tzinfo=UTC)
NOTHING = Known(seq=7, stored=NOW, digests={}, referrers={}, redactions={})
POST = "https://acme.slack.com/archives/C1/p1"


def ruled(*requests: Received, known: Known = NOTHING) -> Ruling:
    return rule([read(record(each, offset)) for offset, each in enumerate(requests)], known)


def ids(ruling: Ruling) -> list[str]:
    return [each.row.id for each in ruling.fresh]


def knowing(*numbers: int) -> Known:
    return NOTHING._replace(digests={StatementId(id_of(number)): b"other content" for number in numbers})


def test_each_statement_is_stored_a_tick_after_the_one_before() -> None:
    rows = [each.row for each in ruled(request(statement(1), statement(2)), request(statement(3))).fresh]

    assert [row.seq for row in rows] == [8, 9, 10]
    assert [row.stored - NOW for row in rows] == [timedelta(microseconds=tick) for tick in (1, 2, 3)]
    assert [orjson.loads(row.body)["stored"] for row in rows] == [f"2026-01-31T12:00:05.00000{tick}Z" for tick in (1, 2, 3)]


def test_data_2_4_7_what_says_nothing_of_when_it_happened_happened_when_it_was_stored() -> None:
    untimed = {name: value for name, value in statement(1).items() if name != "timestamp"}

    (one,) = ruled(request(untimed)).fresh

    assert one.row.timestamp == one.row.stored
    assert orjson.loads(one.row.body)["timestamp"] == orjson.loads(one.row.body)["stored"]


def test_one_conflict_refuses_its_request_and_no_other() -> None:
    ruling = ruled(request(statement(1), statement(2), statement(3)), request(statement(4)), known=knowing(2))

    (refused,) = ruling.rejections
    assert ids(ruling) == [id_of(4)]
    assert (refused.cause, refused.record.offset) == (Cause.CONFLICT, 0)
    assert refused.reason == f"conflict: {id_of(2)} recorded with other content; with them 2 refused beside"


@pytest.mark.parametrize(("numbers", "more"), [(20, ""), (21, " and 1 more")])
def test_of_many_conflicts_twenty_are_named(numbers: int, more: str) -> None:
    ruling = ruled(request(*(statement(number) for number in range(numbers))), known=knowing(*range(numbers)))

    (refused,) = ruling.rejections
    named = ", ".join(id_of(number) for number in range(20))
    assert refused.reason == f"conflict: {named}{more} recorded with other content"


def test_a_conflict_is_known_again_by_who_says_what_whenever_it_comes() -> None:
    first, *others = (
        request(statement(1), statement(3)),
        request(statement(1), statement(3), received_at="2026-02-01T00:00:00.000000Z"),
        request(statement(1), statement(3), source="source:discourse"),
        request(statement(1), statement(3, result={"success": True})),
        request(statement(1)),
        request(statement(1), statement(3), redacts=(POST,)),
    )

    known, *found = (each.digest for each in ruled(first, *others, known=knowing(1)).rejections)

    assert [digest == known for digest in found] == [True, False, False, False, False]


def test_what_was_refused_leaves_its_ids_to_those_that_come_after_it() -> None:
    ruling = ruled(request(statement(1), statement(2)), request(statement(1, result={"success": True})), known=knowing(2))

    assert [each.request.record.offset for each in ruling.fresh] == [1]


def digested(body: dict[str, Any]) -> ReceivedStatement:
    return ReceivedStatement(body["id"], canonical.digest(body).hex(), received_statement(body).body)


def test_who_sent_it_without_a_time_may_send_it_again_with_the_one_that_it_was_given() -> None:
    untimed = {name: value for name, value in statement(1).items() if name != "timestamp"}
    first, again = (request(statements=(digested(each),)) for each in (untimed, statement(1)))

    assert ids(ruled(first, again)) == [id_of(1)]
    assert not ruled(first, again).rejections
    assert len(ruled(again, first).rejections) == 1


def test_whatever_comes_first_a_voiding_statement_voids_and_is_never_void() -> None:
    before = ruled(request(statement(1)), request(voiding(2, 1), voiding(3, 2)))
    after = ruled(request(voiding(3, 2)), request(voiding(2, 1)), request(statement(1)))

    voided = {id_of(1): True, id_of(2): False, id_of(3): False}
    assert {each.row.id: each.row.voided for each in before.fresh} == voided
    assert {each.row.id: each.row.voided for each in after.fresh} == voided
    assert before.voids == {id_of(1), id_of(2)}


def test_what_is_only_referred_to_is_not_void() -> None:
    known = NOTHING._replace(referrers={StatementId(id_of(1)): False, StatementId(id_of(2)): True})

    assert [each.row.voided for each in ruled(request(statement(1), statement(2)), known=known).fresh] == [False, True]


def test_the_first_deletion_of_a_text_counts_and_only_that_of_its_source() -> None:
    times = [f"2026-01-31T12:00:0{second}.000000Z" for second in (3, 2, 4)]
    deleting = [request(redacts=(POST,), received_at=at) for at in times]
    posted = request(statement(1, object=activity(POST)))
    elsewhere = request(statement(2, object=activity(POST)), source="source:discourse")

    ruling = ruled(posted, *deleting, elsewhere)

    at = datetime(2026, 1, 31, 12, 0, 2, tzinfo=UTC)
    key = ("source:slack-acme", activity_key(POST))
    assert [each.row.redacted_at for each in ruling.fresh] == [at, None]
    assert ruling.redactions == {key: at}
    assert ruled(*deleting, known=NOTHING._replace(redactions={key: at})).redactions == {}


def refused(*requests: Received) -> bytes:
    """Return what is kept of the last of *requests*, which is refused: statement 1 is recorded with other content."""
    (rejection,) = ruled(*requests, known=knowing(1)).rejections
    return rejection.record.value


def test_what_is_refused_is_kept_without_the_text_that_its_source_deleted_and_nothing_else_is_missing() -> None:
    deleting = request(redacts=(POST,))
    gone, kept = activity(POST, "deleted text"), activity(f"{POST}0", "kept text")
    agent = {"objectType": "Agent", "name": "kept name", "mbox": "mailto:bob@example.org"}
    refusable = request(statement(1, object=gone), statement(2, object=kept), statement(3, object=agent))

    left = refused(deleting, refusable)

    assert b"deleted text" not in left
    assert b"kept text" in left
    assert b"kept name" in left
    assert b"deleted text" in refused(refusable)


@pytest.mark.parametrize(
    "changes", [{"source": "source:discourse"}, {"redacts": (POST,)}], ids=["another source", "the news of it"]
)
def test_what_is_refused_of_another_source_or_brings_the_news_is_kept_whole(changes: dict[str, Any]) -> None:
    refusable = request(statement(1, object=activity(POST, "its text")), **changes)

    assert b"its text" in refused(request(redacts=(POST,)), refusable)

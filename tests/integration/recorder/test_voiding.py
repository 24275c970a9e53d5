"""Voiding (1.0.3 Data §2.3.2), in either order of arrival."""

from __future__ import annotations

from shared.xapi.model import StatementId
from tests.support.lrs import Lrs, said
from tests.support.received import id_of, request, statement, voiding


async def test_a_recorded_statement_is_voided_and_said_again(lrs: Lrs) -> None:
    await lrs.take(request(statement(1)))

    decision = await lrs.take(request(voiding(2, target=1)))

    assert [(message.id, message.voided) for message in said(decision)] == [(id_of(2), False), (id_of(1), True)]
    assert await lrs.store.one(StatementId(id_of(1))) is None
    assert await lrs.store.one(StatementId(id_of(1)), voided=True) is not None


async def test_a_statement_that_comes_after_its_voiding_is_recorded_void(lrs: Lrs) -> None:
    await lrs.take(request(voiding(2, target=1)))

    decision = await lrs.take(request(statement(1)))

    assert [(message.id, message.voided) for message in said(decision)] == [(id_of(1), True)]


async def test_both_in_one_batch_are_said_once_each(lrs: Lrs) -> None:
    decision = await lrs.take(request(statement(1), voiding(2, target=1)), request(voiding(4, target=3), statement(3)))

    assert [(message.id, message.voided) for message in said(decision)] == [
        (id_of(1), True),
        (id_of(2), False),
        (id_of(4), False),
        (id_of(3), True),
    ]


async def test_voiding_twice_is_news_once(lrs: Lrs) -> None:
    await lrs.take(request(statement(1)), request(voiding(2, target=1)))

    decision = await lrs.take(request(voiding(3, target=1)))

    assert [message.id for message in said(decision)] == [id_of(3)]


async def test_a_voiding_statement_cannot_be_voided_whichever_comes_first(lrs: Lrs) -> None:
    await lrs.take(request(statement(1)), request(voiding(2, target=1)))
    await lrs.take(request(voiding(3, target=2)))
    await lrs.take(request(voiding(5, target=4)))
    await lrs.take(request(voiding(4, target=1)))

    voided = {str(row["id"]) for row in await lrs.rows() if row["voided"]}

    assert voided == {id_of(1)}


async def test_a_refused_request_voids_nothing(lrs: Lrs) -> None:
    await lrs.take(request(statement(1)), request(statement(2)))

    decision = await lrs.take(request(statement(2, version="1.0.1"), voiding(3, target=1)))

    assert len(decision.rejections) == 1
    assert not any(row["voided"] for row in await lrs.rows())

from __future__ import annotations

from tests.support.lrs import Lrs
from tests.support.received import id_of, request, statement


async def test_a_received_statement_is_recorded_and_said(lrs: Lrs) -> None:
    decision = await lrs.take(request(statement(1)))

    assert [outgoing.key for outgoing in decision.outgoing] == [id_of(1).encode()]
    assert [str(row["id"]) for row in await lrs.rows()] == [id_of(1)]

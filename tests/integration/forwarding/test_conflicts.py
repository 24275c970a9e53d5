"""What a target has already, or says that it has: the same, or other content under its id."""

from __future__ import annotations

import orjson
import pytest

from services.gateway.forwarding.targets import Targets
from shared.settings import PostgresSettings
from tests.support.forwarding import IDS, OTHER, add, forwarding, record, until_settled
from tests.support.lrs import Lrs
from tests.support.received import statement
from tests.support.scripted import Reply, Request, ScriptedLrs


@pytest.mark.parametrize("held", [b"[]", b"[{}]", b"null", b"no JSON", b'{"id": 1e400}'])
async def test_a_conflict_over_what_is_no_statement_is_a_letter_and_stops_nobody(
    held: bytes, lrs: Lrs, targets: Targets, other: ScriptedLrs, postgres_settings: PostgresSettings
) -> None:
    other.statements = {IDS[0]: held}
    other.refused = {IDS[0]: Reply(409)}
    await add(targets, other)
    await record(lrs, 0, 1)

    async with forwarding(postgres_settings):
        await until_settled(targets)

    assert [letter.id for letter in await targets.letters(OTHER, 10)] == [IDS[0]]
    assert IDS[1] in other.statements


async def test_a_conflict_over_what_the_target_has_already_is_a_repetition_and_over_other_content_a_letter(
    lrs: Lrs, targets: Targets, other: ScriptedLrs, postgres_settings: PostgresSettings
) -> None:
    same = {**statement(0), "stored": "2026-02-01T00:00:00Z", "authority": {"mbox": "mailto:their@lrs.example"}}
    other.statements = {IDS[0]: orjson.dumps(same), IDS[1]: orjson.dumps(statement(1, result={"success": True}))}
    other.refused = {IDS[0]: Reply(409), IDS[1]: Reply(409), IDS[2]: Reply(409, b"never heard of it")}
    await add(targets, other)
    await record(lrs, 0, 1, 2, 3)

    async with forwarding(postgres_settings):
        await until_settled(targets)

    assert [(letter.id, letter.reason) for letter in await targets.letters(OTHER, 10)] == [
        (IDS[1], "409 the target has other content under this id"),
        (IDS[2], "409 never heard of it"),
    ]
    assert IDS[3] in other.statements


@pytest.mark.parametrize("of_old_ones", [Reply(204), Reply(body=b"[]")], ids=["as Ralph", "as lrsql"])
async def test_a_target_that_names_only_what_is_new_to_it_gets_all(
    lrs: Lrs, targets: Targets, other: ScriptedLrs, postgres_settings: PostgresSettings, of_old_ones: Reply
) -> None:
    """1.0.3 Communication §2.1.2 wants all ids."""

    def take(request: Request) -> Reply | None:
        if request.method == "GET" or not other.statements.keys() & set(request.ids):
            return None
        new = [each for each in request.ids if each not in other.statements]
        other.handle(request)
        return Reply(body=orjson.dumps(new)) if new else of_old_ones

    await add(targets, other)
    await record(lrs, 0, 1, 2)
    other.statements[IDS[1]] = orjson.dumps(statement(1))
    other.answer = take

    async with forwarding(postgres_settings):
        await until_settled(targets)

    assert set(other.statements) == {IDS[0], IDS[1], IDS[2]}
    assert await targets.letters(OTHER, 10) == []

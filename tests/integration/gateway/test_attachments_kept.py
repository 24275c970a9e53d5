"""Octets are kept as long as a recorded statement declares them, and no longer."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from services.gateway.attachments.store import AttachmentStore
from services.gateway.attachments.sweeping import Sweep
from services.gateway.domain.enclosed import Sha2, Use
from shared.clock import utc_now
from shared.postgres import Query
from shared.xapi.model import StatementId
from tests.support.attachments import attachment, part, parts_of, send, statements_part
from tests.support.gateway import Client, Doors, statement

ESSAY, PICTURE, LOST = b"an essay", b"a picture", b"lost"
NONE, DAY = timedelta(), timedelta(days=1)


@pytest.fixture
def store(doors: Doors) -> AttachmentStore:
    return AttachmentStore(doors.database)


def use(content: bytes, statement_id: str | None = None) -> Use:
    return Use(StatementId(statement_id or str(uuid4())), Sha2(attachment(content)["sha2"]), content)


async def kept(doors: Doors) -> list[bytes]:
    return [content for (content,) in await doors.database.fetch(Query("SELECT content FROM attachment ORDER BY content"))]


async def settled(store: AttachmentStore, patience: timedelta) -> int:
    count = 0
    while looked_at := await store.settle(patience):
        count += looked_at
    return count


async def test_what_no_recorded_statement_declares_is_swept(doors: Doors, client: Client, store: AttachmentStore) -> None:
    sent = statement(attachments=[attachment(ESSAY)])
    await send(client, statements_part(sent), part(ESSAY))
    conflict = await send(client, statements_part({**sent, "attachments": [attachment(PICTURE)]}), part(PICTURE))
    await store.keep([use(LOST), use(ESSAY)], utc_now())
    await client.post(statement())

    looked_at, swept = await settled(store, NONE), await store.sweep(NONE)

    assert conflict.status_code == 409
    assert (looked_at, swept) == (4, 2)
    assert await kept(doors) == [ESSAY]
    assert [content for _, content in parts_of(await client.get(attachments="true"))][1:] == [ESSAY]
    assert (await settled(store, NONE), await store.sweep(NONE)) == (0, 0)


async def test_within_a_day_of_the_record_nothing_is_swept(doors: Doors, client: Client, store: AttachmentStore) -> None:
    await store.keep([use(LOST)], utc_now())
    await client.post(statement())

    assert await Sweep(store, interval=1.0).turn() == 0
    assert await kept(doors) == [LOST]


async def test_while_the_recorder_stands_still_nothing_is_swept(doors: Doors, client: Client, store: AttachmentStore) -> None:
    await client.post(statement())
    await store.keep([use(LOST)], utc_now())

    assert (await settled(store, NONE), await store.sweep(NONE)) == (0, 0)
    assert await kept(doors) == [LOST]


async def test_what_was_sent_again_is_waited_for_again(doors: Doors, client: Client, store: AttachmentStore) -> None:
    lost, long_ago = use(LOST), utc_now() - 3 * DAY
    await store.keep([lost], long_ago)
    await store.keep([lost], utc_now())
    await store.keep([lost], long_ago)
    await client.post(statement())

    assert (await settled(store, DAY), await store.sweep(DAY)) == (0, 0)
    assert await kept(doors) == [LOST]


async def test_many_lost_ones_are_swept_in_one_turn(doors: Doors, client: Client, store: AttachmentStore) -> None:
    several = [use(str(number).encode()) for number in range(250)]
    await store.keep(several, utc_now() - 2 * DAY)
    await client.post(statement())

    assert await Sweep(store, interval=1.0).turn() == 250
    assert await kept(doors) == []


async def test_what_is_released_is_gone_with_its_last_use(doors: Doors, client: Client, store: AttachmentStore) -> None:
    one = statement(attachments=[attachment(ESSAY), attachment(PICTURE)])
    two = statement(attachments=[attachment(PICTURE)])
    await send(client, statements_part([one, two]), part(ESSAY), part(PICTURE))

    async with doors.database.transaction() as transaction:
        await store.release(transaction, {StatementId(one["id"]): b'{"object":{}}'})
    after_one = await kept(doors)
    async with doors.database.transaction() as transaction:
        await store.release(transaction, {StatementId(two["id"]): (await client.get(statementId=two["id"])).content})
    unchanged = await kept(doors)
    async with doors.database.transaction() as transaction:
        await store.release(transaction, {StatementId(two["id"]): b'{"object":{}}'})

    assert (after_one, unchanged, await kept(doors)) == ([PICTURE], [PICTURE], [])


async def test_two_requests_with_the_same_octets_do_not_meet_in_a_deadlock(doors: Doors, store: AttachmentStore) -> None:
    contents = [str(number).encode() for number in range(20)]
    orders = [contents, contents[::-1]] * 4

    await asyncio.gather(*(store.keep([use(content) for content in order], utc_now()) for order in orders))

    assert await kept(doors) == sorted(contents)

"""What is noted and swept beside the doors: where it makes us meet a bug of our own, the doors stay open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from services.gateway.attachments.store import AttachmentStore
from services.gateway.attachments.sweeping import Sweep
from services.gateway.credentials.store import CredentialStore
from services.gateway.credentials.usage import Usage
from services.gateway.domain.credential import KeyId
from services.gateway.domain.enclosed import Sha2, Use
from shared.clock import utc_now
from shared.postgres import Query
from shared.service import Task
from shared.xapi.model import StatementId
from tests.support.attachments import attachment
from tests.support.gateway import Client, Doors, eventually, statement

OFTEN = 0.05
LOST = b"lost"
REFUSE = Query("""
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE insufficient_privilege; END';
CREATE TRIGGER refusing BEFORE UPDATE ON credential EXECUTE FUNCTION refuse();
CREATE TRIGGER refusing BEFORE DELETE ON attachment EXECUTE FUNCTION refuse();
""")


@asynccontextmanager
async def running(task: Task) -> AsyncIterator[None]:
    """Run *task* until the end of the block; what it raises ends that."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(task(stop))
        try:
            yield
        finally:
            stop.set()


async def test_a_statement_that_sweeping_cannot_read_stops_nobody_and_all_is_swept_once_it_can(
    doors: Doors, client: Client
) -> None:
    store, said = AttachmentStore(doors.database), statement()
    await client.post(said)
    long_ago = utc_now() - timedelta(days=2)
    for identifier in (said["id"], statement()["id"]):
        await store.keep([Use(StatementId(identifier), Sha2(attachment(LOST)["sha2"]), LOST)], long_ago)
    spoil = Query("UPDATE statement SET body = $2 WHERE id = $1")
    await doors.database.execute(spoil, said["id"], b'{"attachments": 7}')

    async with running(Sweep(store, interval=OFTEN).run):
        await asyncio.sleep(3 * OFTEN)
        before = await left(doors)
        await doors.database.execute(spoil, said["id"], b"{}")
        await eventually(lambda: nothing_left(doors))

    assert before == 1


async def test_a_note_that_cannot_be_written_is_forgotten_and_those_after_it_are_written(doors: Doors, client: Client) -> None:
    store = CredentialStore(doors.database)
    key_id = (await store.issued())[0].credential.key_id
    usage, now = Usage(store, interval=OFTEN), utc_now() + timedelta(days=1)

    async with running(usage.run):
        usage.used(KeyId("\x00"), now)
        await asyncio.sleep(3 * OFTEN)
        usage.used(key_id, now)

    assert {one.last_used_at for one in await store.issued() if one.credential.key_id == key_id} == {now}


async def test_a_grant_that_is_missing_beside_the_doors_closes_none(doors: Doors, client: Client) -> None:
    store, attachments = CredentialStore(doors.database), AttachmentStore(doors.database)
    key_id = (await store.issued())[0].credential.key_id
    usage, now = Usage(store, interval=OFTEN), utc_now() + timedelta(days=1)
    await attachments.keep(
        [Use(StatementId(statement()["id"]), Sha2(attachment(LOST)["sha2"]), LOST)], utc_now() - timedelta(days=2)
    )
    await client.post(statement())

    async with running(usage.run), running(Sweep(attachments, interval=OFTEN).run):
        await doors.database.execute(REFUSE)
        usage.used(key_id, now)
        await asyncio.sleep(3 * OFTEN)
        await doors.database.execute(Query("DROP FUNCTION refuse CASCADE"))
        usage.used(key_id, now)
        await eventually(lambda: nothing_left(doors))

    assert {one.last_used_at for one in await store.issued() if one.credential.key_id == key_id} == {now}


async def left(doors: Doors) -> int:
    return int(await doors.database.fetchval(Query("SELECT count(*) FROM attachment")))


async def nothing_left(doors: Doors) -> bool:
    return not await left(doors)

"""Two real gateways, one forwarding to the other, and the commands that an operator uses for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import pytest

from shared.postgres import Database
from shared.settings import PostgresSettings
from tests.support.attachments import BOUNDARY, attachment, multipart, part, statements_part
from tests.support.cli import symposia
from tests.support.gateway import MASTER_KEY, eventually, statement
from tests.support.listening import PATIENCE, Gateway, listening
from tests.support.postgres import settings_for, with_database
from tests.support.postgres import statement as execute
from tests.support.received import VOIDED

Command: TypeAlias = Callable[..., Coroutine[Any, Any, str]]


@pytest.fixture
async def ours(postgres_settings: PostgresSettings) -> AsyncIterator[Gateway]:
    async with listening(postgres_settings) as gateway:
        yield gateway


@pytest.fixture
async def theirs(database_url: str, migrated_template: str) -> AsyncIterator[Gateway]:
    name = f"{urlsplit(database_url).path[1:]}_theirs"
    await execute(database_url, f"CREATE DATABASE {name} TEMPLATE {migrated_template}")
    async with listening(settings_for(with_database(database_url, name))) as gateway:
        yield gateway
    await execute(database_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def forwarding(ours: Gateway, tmp_path: Path) -> Command:
    """Run `symposia forwarding …` against our gateway's database, and return what it says."""

    async def command(*arguments: str, stdin: str = "", ok: bool = True) -> str:
        told = {"DATABASE_URL": ours.database, "SYMPOSIA_SECRETS__KEY": MASTER_KEY, "SYMPOSIA_HOME": str(tmp_path)}
        done = await asyncio.to_thread(lambda: symposia("forwarding", *arguments, stdin=stdin, **told))
        assert (done.returncode == 0) is ok, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    return command


async def test_what_is_posted_here_is_found_there_byte_by_byte_and_voided_there_when_it_is_here(
    ours: Gateway, theirs: Gateway, forwarding: Command
) -> None:
    one, two = statement(), statement(result={"score": {"raw": 1.50}, "extensions": {"https://x.example/é": "\u0000"}})
    void = statement(verb={"id": VOIDED}, object={"objectType": "StatementRef", "id": one["id"]})
    await ours.post(one)
    await forwarding(
        "add", "theirs", theirs.url, "--key", theirs.key[0], "--secret", "-", "--private", "--everything", stdin=theirs.key[1]
    )

    assert "It takes statements from our key" in await forwarding("test", "theirs")
    await ours.post(two, void)

    await eventually(lambda: theirs.has(one["id"], "voidedStatementId"), PATIENCE)
    await eventually(lambda: theirs.has(two["id"]), PATIENCE)
    copies = [(await each.http.get("/statements", params={"statementId": two["id"]})).json() for each in (ours, theirs)]
    assert {**copies[0], "stored": "", "authority": ""} == {**copies[1], "stored": "", "authority": ""}
    listed = await forwarding("list")
    assert "theirs" in listed
    assert "running" in listed


async def test_attachments_travel_with_their_statements(ours: Gateway, theirs: Gateway, forwarding: Command) -> None:
    essay, film = b"an essay \r\n--", bytes(range(256)) * 6000
    with_both = statement(attachments=[attachment(essay), attachment(film, algorithm="sha512", contentType="video/mp4")])
    elsewhere = statement(attachments=[attachment(b"not here", fileUrl="https://files.example/1")])
    body = multipart([statements_part([with_both, elsewhere]), part(essay), part(film, with_both["attachments"][1])])
    headers = {"Content-Type": f'multipart/mixed; boundary="{BOUNDARY}"'}
    posted = await ours.http.post("/statements", content=body, headers=headers)
    assert posted.status_code == 200, posted.text

    await forwarding("add", "theirs", theirs.url, "--key", theirs.key[0], "--secret", theirs.key[1], "--private", "--everything")
    await eventually(lambda: theirs.has(elsewhere["id"]), PATIENCE)
    there = await theirs.http.get("/statements", params={"statementId": with_both["id"], "attachments": "true"})

    assert there.headers["Content-Type"].startswith("multipart/mixed")
    assert essay in there.content
    assert film in there.content


async def test_two_that_forward_to_each_other_come_to_rest(ours: Gateway, theirs: Gateway, forwarding: Command) -> None:
    posted = statement()
    await forwarding("add", "theirs", theirs.url, "--key", theirs.key[0], "--secret", "-", "--private", stdin=theirs.key[1])
    back = {"DATABASE_URL": theirs.database, "SYMPOSIA_SECRETS__KEY": MASTER_KEY}
    add = ("forwarding", "add", "ours", ours.url, "--key", ours.key[0], "--secret", "-", "--private")
    await asyncio.to_thread(lambda: symposia(*add, stdin=ours.key[1], **back))

    await ours.post(posted)
    await eventually(lambda: theirs.has(posted["id"]), PATIENCE)
    await eventually(lambda: _nothing_waits(theirs), PATIENCE)

    assert await _recorded(ours) == await _recorded(theirs) == 1


async def test_the_commands_pause_resume_rotate_replay_and_remove(ours: Gateway, theirs: Gateway, forwarding: Command) -> None:
    await ours.post(statement())
    await forwarding("add", "theirs", theirs.url, "--key", theirs.key[0], "--secret", "wrong", "--private", "--paused")

    refused = await forwarding("test", "theirs", ok=False)
    await forwarding("rotate", "theirs", "--key", theirs.key[0], "--secret", "-", stdin=theirs.key[1])
    tried = await forwarding("test", "theirs")
    listed = await forwarding("list")
    resumed = await forwarding("resume", "theirs")
    replayed = await forwarding("replay", "theirs", "--since", "2020-01-01")
    await eventually(lambda: _recorded(theirs), PATIENCE)
    said = [
        await forwarding(*arguments) for arguments in (("letters", "theirs"), ("pause", "theirs"), ("remove", "theirs", "--yes"))
    ]
    gone = await forwarding("pause", "theirs", ok=False)

    assert "does not let us write statements: 401" in refused
    assert "It takes statements" in tried
    assert all(word in listed for word in ("theirs", "paused", "Again at", theirs.url))
    assert "theirs runs" in resumed
    assert "1 statement waits for theirs" in replayed
    assert "has refused nothing" in said[0]
    assert "there is no target called 'theirs'" in gone


async def _recorded(gateway: Gateway) -> int:
    return len((await gateway.http.get("/statements")).json()["statements"])


async def _nothing_waits(gateway: Gateway) -> bool:
    database = await Database.open(settings_for(gateway.database), schema="lrs", application="test")
    try:
        waits: int = await database.fetchval(WAITS)
        return waits == 0
    finally:
        await database.close()


WAITS: Any = "SELECT (SELECT max(seq) FROM statement) - min(cursor) FROM forwarding_target"

"""Live the life in installations of former states, and store how each left it: `python -m tests.support.former [DAY…]`.

It needs the repository's history. What it makes differs each time in what is random or of now (keys, times); the tests read
all of that from beside it.
"""

from __future__ import annotations

import asyncio
import json
import lzma
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import asyncpg

from shared.postgres.embedded import Server
from shared.postgres.embedded.binaries import find_binaries
from tests.support.former import life
from tests.support.former.player import Player
from tests.support.former.product import PATIENCE, Order, Product, until, until_ready
from tests.support.former.stored import KEY, REVISIONS, facts_of, stored
from tests.support.ingest import SECRET
from tests.support.postgres import MEMORY
from tests.support.scripted import ScriptedLrs, scripted_lrs

MIXED: Final = {"Content-Type": 'multipart/mixed; boundary="abcABC0123\'()+_,-./:=?"'}
SHOWN: Final = re.compile(r"key id\s+(\S+)[\s\S]*?secret\s+(\S+)")
KEYS: Final = {
    "all": ["--scope", "all"],
    "lms": ["--quirk", "bare-state", "--quirk", "extra-parameters", "--requests-per-minute", "5000"],
    "moodle": ["--ids-from-content", "--scope", "statements/write", "--scope", "define"],
    "hr": ["--scope", "impact/read", "--scope", "impact/write"],
}
WAITING: Final = (
    "ingest.pending", "ingest.lookup", "ingest.outbox", "lrs.outbox", "records.relink", "lrs.dead_letter", "records.dead_letter",
)  # fmt: skip
"""Where what waits lies."""
GARBAGE: Final = """
WITH place AS (
    UPDATE log.partition SET next_offset = next_offset + 1
    WHERE topic = 'xapi.statement.received.v1' RETURNING id, next_offset - 1 AS o
)
INSERT INTO log.record
SELECT id, o, NULL, 'no message at all', NULL, extract(epoch FROM now())::bigint * 1000 FROM place
"""
"""What nobody can read: a dead letter."""


async def settle_in(player: Player, other: str) -> None:
    """Import who and what there is, and make keys, sources and a target."""
    everybody = [("people", life.PEOPLE), ("courses", life.COURSES), ("enrolments", life.ENROLMENTS)]
    target = ["forwarding", "add", "other", other, "--key", "k", "--private", "--everything"]
    named: list[Order] = [(["credential", "create", name, *options], {}) for name, options in KEYS.items()]
    said = await player.product.run(
        *(player.importing(*each) for each in everybody), (target, {"SYMPOSIA_FORWARDING_SECRET": "s"}), *named
    )
    for name, printed in zip(KEYS, said[-len(KEYS) :], strict=True):
        found = SHOWN.search(printed)
        assert found, printed
        player.keys[name] = found[1], found[2]
    sources = [conversation[0].source for conversation in (life.heard_first() | life.heard_last()).values()]
    ended = await player.product.tried(
        *(
            (
                ["source", "add", each.id, each.platform, each.workspace, "--keep-text"],
                {"SYMPOSIA_SOURCE_SECRET": SECRET.decode()},
            )
            for each in sources
        )
    )
    for source, (status, printed) in zip(sources, ended, strict=True):
        assert status == 0 or "is not one of" in printed, printed
        if status == 0:
            player.platforms.add(source.platform)


async def live(player: Player) -> None:
    """Play what is told, recorded, linked and scored."""
    for statement in life.BATCH[:1]:
        await player.send("PUT", "/xapi/statements", "lms", params={"statementId": statement["id"]}, json=statement)
    await player.send("POST", "/xapi/statements", "lms", json=life.BATCH[1:])
    await player.send("POST", "/xapi/statements", "lms", expect=4, json=life.AGAIN_OTHERWISE)
    await player.send("POST", "/xapi/statements", "lms", headers=MIXED, content=life.with_essay("essay", life.ESSAY))
    await player.send("POST", "/xapi/statements", "lms", headers=MIXED, content=life.with_signature()[0])
    nameless = {name: value for name, value in life.said("nameless", "dan").items() if name != "id"}
    await player.send("POST", "/xapi/statements", "moodle", json=nameless)
    token = (
        await player.send(
            "POST", "/oauth/token", "lms", data={"grant_type": "client_credentials"},
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
    ).json()["access_token"]  # fmt: skip
    await player.send("POST", "/xapi/statements", json=life.said("by token", "dan"), headers={"Authorization": f"Bearer {token}"})
    for path, parameters, content in life.DOCUMENTS:
        kind = "application/json" if content.startswith(b"{") else "application/octet-stream"
        guard = {"If-None-Match": "*"} if path.endswith("profile") else {}
        await player.send(
            "PUT", f"/xapi/{path}", "lms", params=parameters, content=content, headers={"Content-Type": kind, **guard}
        )
    assert await player.deliver(life.heard_first())
    await player.settled()
    await player.send("PUT", f"/v1/learners/{life.OBJECTED}/objection", "hr")
    await player.settled()
    await player.product.run((["person", "erase", life.ERASED[0], "--reason", "TICKET-7", "--yes"], {}))
    await player.database.execute(GARBAGE)
    await player.settled()


@asynccontextmanager
async def doors_alone(player: Player) -> AsyncIterator[None]:
    """Run the doors, and nothing that records, tells, links or scores."""
    told = {
        "SYMPOSIA_STREAM__KIND": "postgres", "SYMPOSIA_GATEWAY__WAIT_SECONDS": "0.2",
        "SYMPOSIA_GATEWAY__RECORDER": "false", "SYMPOSIA_GATEWAY__DEFINITIONS": "false", "SYMPOSIA_GATEWAY__FORWARDING": "false",
    }  # fmt: skip
    telling = {"SYMPOSIA_INGEST__BACKGROUND": "false"} if player.product.hears_first else {}
    async with (
        player.product.running(player.folder / "gateway", "gateway", SYMPOSIA_HTTP__PORT=str(player.port), **told),
        player.product.running(player.folder / "ingest", "ingest", SYMPOSIA_HTTP__PORT=str(player.port + 1), **told, **telling),
    ):
        await until_ready(player.gateway)
        await until_ready(player.ingest)
        yield


async def waits(player: Player, table: str) -> int:
    """Return how many rows there are in *table*, if it is there."""
    there = await player.database.fetchval("SELECT to_regclass($1)", table)
    return int(await player.database.fetchval(f"SELECT count(*) FROM {table}")) if there else 0  # noqa: S608  a name of ours


async def forwarded(other: ScriptedLrs) -> int:
    """Return how much *other* got."""
    return len(other.statements)


async def leave_waiting(player: Player) -> None:
    """Play what is acknowledged and comes no further: recorded and not said, received and not recorded, heard and not told."""
    async with doors_alone(player):
        await player.send(
            "POST", "/xapi/statements", "lms", json=[life.said("recorded", "ann"), life.said("recorded too", "bob")]
        )
    async with player.database.transaction():
        await player.database.execute("LOCK TABLE log.record IN SHARE MODE")
        told = {"SYMPOSIA_STREAM__KIND": "postgres", "SYMPOSIA_HTTP__PORT": str(player.port)}
        async with player.product.running(player.folder / "recorder", "gateway", **told):
            await until(lambda: waits(player, "lrs.outbox"), "what is to be said")
    async with doors_alone(player):
        await player.send("POST", "/xapi/statements", "lms", json=life.said("received", "ann"))
        await player.send("POST", "/xapi/statements", "lms", json=life.BATCH[0])
        content = life.with_essay("received essay", life.WAITING_ESSAY)
        await player.send("POST", "/xapi/statements", "lms", headers=MIXED, content=content)
        assert await player.deliver(life.heard_last())
    await player.product.run(player.importing("people", life.KNOWN_LATER))


async def play(day: str, folder: Path) -> None:
    """Live the life at the revision of *day*, and store what is left."""
    server = Server(folder / "postgres", settings={"fsync": "off"})
    server.start()
    database = await asyncpg.connect(server.dsn)
    told = {
        "DATABASE_URL": server.dsn, "SYMPOSIA_SECRETS__KEY": KEY, "SYMPOSIA_HOME": str(folder / "home"),
        "SYMPOSIA_POSTGRES__ACQUIRE_TIMEOUT": "60", "SYMPOSIA_POSTGRES__COMMAND_TIMEOUT": "120",
    }  # fmt: skip
    player = Player(Product.of(REVISIONS[day], folder / "code", **told), database, folder)
    try:
        async with scripted_lrs() as other:
            async with player.product.running(folder / "up", "up", "--port", str(player.port)) as up:
                await until_ready(player.gateway)
                await settle_in(player, other.url)
                await asyncio.sleep(6)  # credentials and sources are read anew within 5 s
                await live(player)
                await until(lambda: forwarded(other), "anything forwarded")
                facts = await facts_of(player.gateway, player.keys)
                up.terminate()
                await asyncio.to_thread(up.wait, PATIENCE)
            facts["forwarded"] = sorted(other.statements)
        await leave_waiting(player)
        facts |= {"revision": REVISIONS[day], "keys": player.keys, "platforms": sorted(player.platforms)}
        facts["waiting"] = {table: await waits(player, table) for table in WAITING}
        dumped = subprocess.run(  # noqa: ASYNC221  nothing else runs
            [find_binaries().folder / "pg_dump", "--no-owner", "-d", server.dsn], check=True, capture_output=True
        ).stdout
        dump, told_of = stored(day)
        dump.parent.mkdir(exist_ok=True)
        dump.write_bytes(lzma.compress(dumped, preset=9 | lzma.PRESET_EXTREME))
        told_of.write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", "utf-8")
        print(day, dump.stat().st_size, told_of.stat().st_size, facts["waiting"])  # noqa: T201
    finally:
        await database.close()
        server.close()


def main(days: Sequence[str]) -> None:
    """Store anew what each of *days* left, or of all."""
    for day in days or REVISIONS:
        with TemporaryDirectory(dir=MEMORY, prefix="symposia-former-") as folder:
            asyncio.run(play(day, Path(folder)))


if __name__ == "__main__":
    main(sys.argv[1:])

"""A backup is put back on another server, as the guide says it, while the log has gone on: what is known is true again."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from services.enrichment import forgetting
from services.enrichment.imports import Kind
from services.gateway.definitions.store import forget as forget_definitions
from services.gateway.recorder.replay import replay
from services.pipeline import Pipeline
from services.scoring import rules
from services.targets import TARGETS
from shared.postgres import Query, migrate
from shared.postgres.embedded import Server
from shared.postgres.embedded.binaries import find_binaries
from shared.stream.settings import KafkaSettings, LogKind, StreamSettings
from tests.support.crash import Digests, digests, open_books, settled
from tests.support.house import SLACK, House, open_house
from tests.support.kafka import StartCluster
from tests.support.postgres import settings_for

GUIDE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text("utf-8").split("## Backup and restore")[1]
IN_THE_SERVER = re.compile(r"^docker compose exec (?:-T )?postgres ((?:dropdb|createdb|pg_restore|pg_dump) .*)$", re.MULTILINE)
COURSE = "https://lms.acme.example/course/python"
PEOPLE = "external_id,name,accounts\n" + "".join(f"HR-{number},{number},U{number}@{SLACK[1]}\n" for number in (1, 2, 3))
CHAT = {"type": "message", "channel": "C1", "channel_type": "channel"}
LOST = {
    Kind.COURSES: f"iri,title\n{COURSE},Python\n",
    Kind.ENROLMENTS: "external_id,course\n" + "".join(f"HR-{number},{COURSE}\n" for number in (1, 2, 3)),
}
"""Imports that the backup is older than: each changes what is known of what was said before it."""
DUMP, *RESTORE = IN_THE_SERVER.findall(GUIDE)


async def guided(command: str, url: str, file: Path) -> None:
    """Run a *command* of the guide's at the server of *url*: there the database has its name, and here *file* is the dump."""
    place = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    line = re.sub(r"FILE|symposia-\$\(.*\)\.dump", str(file), command).replace("-Fc symposia", f"-Fc {urlsplit(url).path[1:]}")
    settings = {"PATH": f"{find_binaries().folder}:{os.defpath}", "PGHOST": place["host"], "PGPORT": place["port"]}
    ran = await asyncio.create_subprocess_shell(line, env=settings, stderr=subprocess.PIPE)
    _, said = await ran.communicate()
    assert ran.returncode == 0, f"{line}: {said.decode()}"


async def talk(house: House, hour: int) -> None:
    """Ask, answer and applaud in an hour of its own."""
    asked, answered = (f"{1772442000 + hour * 3600 + second}.000100" for second in (0, 1))
    events: list[dict[str, Any]] = [
        {**CHAT, "user": "U1", "ts": asked, "text": f"How do I do <{COURSE}/3>?"},
        {**CHAT, "user": "U2", "ts": answered, "thread_ts": asked, "text": "So."},
        {
            "type": "reaction_added", "user": "U3", "reaction": "+1", "item_user": "U2",
            "item": {"type": "message", "channel": "C1", "ts": answered}, "event_ts": answered,
        },
    ]  # fmt: skip
    for number, event in enumerate(events):
        assert (await house.slack(event, event_id=f"Ev{hour}-{number}")).status_code == 200


async def told_anew(books: Pipeline) -> None:
    """Do what `symposia replay --rebuild` does."""
    await rules.forget(books.databases["impact"])
    await forgetting.forget(books.databases["records"])
    await forget_definitions(books.databases["lrs"])
    await replay(books.databases["lrs"], books.log)


async def learn_lately(house: House, books: Pipeline) -> Digests:
    """Take the imports, one after the other, and return what is known in the end."""
    for kind, content in LOST.items():
        await house.take(kind, content.encode())
        await settled(books)
    return await digests(books)


@pytest.mark.timeout(180)
async def test_a_backup_that_is_put_back_as_the_guide_says_comes_to_what_was_known(
    database_url: str, server: Server, start_kafka: StartCluster, tmp_path: Path
) -> None:
    kafka, file = start_kafka(1).bootstrap, tmp_path / "dump"
    stream = StreamSettings(kind=LogKind.KAFKA, kafka=KafkaSettings(bootstrap=kafka))
    async with open_house(database_url, kafka=kafka) as house, open_books(settings_for(database_url), stream) as books:
        await house.take(Kind.PEOPLE, PEOPLE.encode())
        await talk(house, 1)
        await settled(books)
        await guided(DUMP, database_url, file)
        await talk(house, 2)
        known = await learn_lately(house, books)

    await migrate(server.dsn, TARGETS)
    for command in RESTORE:
        await guided(command, server.dsn, file)
    assert await migrate(server.dsn, TARGETS) == []

    async with open_books(settings_for(server.dsn), stream) as books:
        await told_anew(books)
        changed = await books.databases["impact"].fetch(Query("SELECT FROM change"))
        async with open_house(server.dsn, kafka=kafka, before=house) as restored:
            await settled(books)
            linked = await books.databases["impact"].fetch(Query("SELECT FROM fact WHERE course IS NOT NULL"))
            again = await learn_lately(restored, books)

    assert len(changed) == 2, "the feed of changes hides who changed on a server whose transaction ids were higher"
    assert not linked, "what the log holds of courses that the restored tables do not know is believed"
    assert again.differing(known) == ()

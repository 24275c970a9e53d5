"""`symposia demo` as a real process, and what operators do afterwards: doctor, dead letters, replay."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from prometheus_client import CollectorRegistry

from services.demo.performance import STAGED
from services.enrichment.digest import digest as digest_of_records
from services.scoring.digest import digest as digest_of_impact
from shared.clock import utc_now
from shared.contracts import RECORDED
from shared.postgres import Database
from shared.stream import Outgoing, StreamMetrics
from shared.stream.open import open_log
from shared.stream.settings import StreamSettings
from tests.support.cli import Up, symposia, up
from tests.support.postgres import settings_for

PLAYED = re.compile(r"Played: (\d+) signed webhooks and (\d+) statements of the LMS")
FILES_OF_IMPORTS = {"people": 36, "courses": 6, "enrolments": 57}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "home"


@pytest.fixture(scope="module")
def first(home: Path) -> str:
    """Play the demo in a fresh home, and return what it printed."""
    played = symposia("demo", "--home", home, "--port", "0", "--exit")
    assert played.returncode == 0, played.stderr[-3000:]
    return played.stdout


@pytest.fixture(scope="module")
def running(first: str, home: Path) -> Iterator[Up]:
    """Run the installation in which the demo was played."""
    with up(home) as running:
        yield running


def url_of(home: Path) -> str:
    dsn: str = json.loads((home / "postgres" / "server.json").read_text())["dsn"]
    return dsn


@asynccontextmanager
async def connected(home: Path) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url_of(home))
    try:
        yield connection
    finally:
        await connection.close()


async def told(home: Path) -> dict[str, object]:
    """Say what the installation holds, in digests and counts."""
    settings = settings_for(url_of(home))
    records = await Database.open(settings, schema="records", application="test")
    impact = await Database.open(settings, schema="impact", application="test")
    try:
        said: dict[str, object] = {"records": await digest_of_records(records), "impact": await digest_of_impact(impact)}
    finally:
        await records.close()
        await impact.close()
    async with connected(home) as connection:
        for table in ("lrs.statement", "lrs.dead_letter", "records.dead_letter", "impact.dead_letter", "ingest.pending"):
            said[table] = await connection.fetchval(f"SELECT count(*) FROM {table}")  # noqa: S608  names of ours
    return said


def test_it_prints_who_helped_whom_how_much_and_why(first: str) -> None:
    played = PLAYED.search(first)

    assert played is not None
    assert int(played[1]) >= 300
    assert int(played[2]) >= 20
    assert f"Known: {', '.join(f'{number} {kind}' for kind, number in FILES_OF_IMPORTS.items())}." in first
    assert re.search(r"Mei Tanaka +\d+\.\d\d +\d+\.\d\d +\d+\.\d\d +9\d% .*(Zoë Laurent|Rahul Menon)", first)
    assert re.search(r"accepted a post of theirs in (Python for analysts|SQL that scales|Security at work)", first)
    assert "From the door to the impact" in first
    assert "in channels that the source may not hear" in first
    assert "/v1/learners/external:M-1002/impact?purpose=recognition" in first


@pytest.mark.parametrize("platform", STAGED)
def test_each_platform_moves_somebodys_impact(first: str, platform: str) -> None:
    moved = re.search(rf"^ *{platform} +(\d+\.\d\d) +(\d+) +\w+", first, re.MULTILINE)

    assert moved is not None, first
    assert float(moved[1]) > 0.5
    assert int(moved[2]) >= 3


async def test_everything_heard_is_recorded_and_nothing_waits_or_is_dead(running: Up, home: Path) -> None:
    said = await told(home)

    assert int(str(said["lrs.statement"])) > 450
    assert {said[f"{schema}.dead_letter"] for schema in ("lrs", "records", "impact")} == {0}
    assert said["ingest.pending"] == 0


async def test_playing_twice_changes_nothing(running: Up, home: Path) -> None:
    before = await told(home)

    again = symposia("demo", "--home", home)

    assert again.returncode == 0, again.stderr[-3000:]
    assert await told(home) == before


async def test_a_rebuilt_projection_is_the_same(running: Up, home: Path) -> None:
    before = await told(home)

    rebuilt = symposia("replay", "--rebuild", "--home", home)

    assert rebuilt.returncode == 0, rebuilt.stderr[-3000:]
    assert "Every consumer has caught up" in rebuilt.stdout
    assert await told(home) == before


def test_the_doctor_finds_nothing_wrong_with_a_healthy_installation(running: Up, home: Path) -> None:
    answer = symposia("doctor", "--home", home)

    assert answer.returncode == 0, answer.stdout
    assert "wrong" not in answer.stdout


async def test_dead_letters_are_found_shown_replayed_and_discarded(running: Up, home: Path) -> None:
    await append(home, b"this is no message")
    settled = symposia("replay", "--home", home)
    listed = symposia("dlq", "list", "--home", home)
    examined = symposia("doctor", "--home", home)
    name = re.search(r"records-\d+", listed.stdout)

    assert settled.returncode == 0, settled.stderr
    assert name is not None, listed.stdout
    assert "not a Recorded message" in listed.stdout
    assert examined.returncode == 1
    assert "Dead letters of records: 1 waits" in examined.stdout
    assert "this is no message" in symposia("dlq", "show", name[0], "--home", home).stdout
    assert symposia("dlq", "replay", name[0], "--home", home).returncode == 0
    assert symposia("dlq", "replay", name[0], "--home", home).returncode == 1
    assert "What it held is gone" in symposia("dlq", "show", name[0], "--home", home).stdout
    assert symposia("replay", "--home", home).returncode == 0
    assert symposia("dlq", "discard", "all", "--home", home).returncode == 0
    assert symposia("doctor", "--home", home).returncode == 0


async def append(home: Path, value: bytes) -> None:
    """Append what is no message to the topic that enrichment reads."""
    metrics = StreamMetrics(CollectorRegistry(), utc_now)
    log = await open_log(StreamSettings(), settings_for(url_of(home)), application="test", metrics=metrics)
    await log.append([Outgoing(RECORDED, value, b"key")])
    await log.close()


def test_the_doctor_finds_a_credential_that_ends_and_a_key_that_others_may_read(running: Up, home: Path) -> None:
    until = (datetime.now(UTC) + timedelta(days=3)).strftime("%Y-%m-%d")  # noqa: TID251  doctors look at today
    created = symposia("credential", "create", "Ends", "--scope", "all", "--expires", until, "--home", home)
    (home / "master.key").chmod(0o644)

    ill = symposia("doctor", "--home", home)

    (home / "master.key").chmod(0o600)
    assert symposia("credential", "revoke", created.stdout.split()[2], "--home", home).returncode == 0
    assert ill.returncode == 1
    assert f"other users may read {home}/master.key" in ill.stdout
    assert "Ends (" in ill.stdout


def test_the_doctor_finds_what_is_missing_where_nothing_is(tmp_path: Path) -> None:
    ill = symposia("doctor", "--home", tmp_path / "nothing")

    assert ill.returncode == 1
    assert "Master key: there is none" in ill.stdout
    assert "There is no installation" in ill.stdout
    assert "Traceback" not in ill.stderr

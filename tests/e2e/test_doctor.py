"""`symposia doctor` on an installation that is not running and has faults planted in it."""

from __future__ import annotations

from pathlib import Path

import asyncpg
from prometheus_client import CollectorRegistry

from deploy.kafka.layout import free_ports
from services.installation import Home
from shared.clock import utc_now
from shared.contracts import RECORDED, TOPICS
from shared.settings import PostgresSettings
from shared.stream import Outgoing, StreamMetrics
from shared.stream.open import open_log
from shared.stream.settings import StreamSettings
from tests.support.cli import symposia
from tests.support.postgres import settings_for


async def plant(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(sql)
    await connection.close()


async def append(settings: PostgresSettings, value: bytes) -> None:
    log = await open_log(StreamSettings(), settings, application="test", metrics=StreamMetrics(CollectorRegistry(), utc_now))
    await log.ensure(TOPICS)
    await log.append([Outgoing(RECORDED, value, b"key")])
    await log.close()


async def test_records_that_nobody_reads_are_found(home: Path, database_url: str) -> None:
    await append(settings_for(database_url), b"unread")
    (nobodys,) = free_ports(1)

    ill = symposia("doctor", "--home", home, DATABASE_URL=database_url, SYMPOSIA_HTTP__PORT=str(nobodys))

    assert ill.returncode == 1
    assert "Consumer enrichment of xapi.statement.recorded.v1: 1 record unread, and it makes no progress" in ill.stdout
    assert "Service gateway: nobody answers" in ill.stdout


async def test_a_master_key_of_another_installation_is_found(home: Path, database_url: str) -> None:
    await plant(database_url, "INSERT INTO lrs.master_key VALUES ('another', now())")

    ill = symposia("doctor", "--home", home, DATABASE_URL=database_url)

    assert ill.returncode == 1
    assert "Master key: the master key is not the one that this installation was made with" in ill.stdout
    assert "→ Put that one back, from a backup." in ill.stdout


async def test_topics_that_nobody_made_yet_are_found(home: Path, database_url: str) -> None:
    ill = symposia("doctor", "--home", home, DATABASE_URL=database_url)

    assert ill.returncode == 1
    assert "Log: topics are missing or have too few partitions: interaction.heard.v1, xapi.statement.received.v1" in ill.stdout


async def test_missing_migrations_are_found(home: Path, database_url: str) -> None:
    await plant(database_url, "DELETE FROM impact.migration WHERE package = 'services.scoring.migrations' AND number > 1")

    ill = symposia("doctor", "--home", home, DATABASE_URL=database_url)

    assert ill.returncode == 1
    assert "Tables of impact: postgres is unavailable: services.scoring.migrations is at 1" in ill.stdout


async def test_a_database_without_any_tables_is_told_what_to_run(home: Path, empty_database_url: str) -> None:
    ill = symposia("doctor", "--home", home, DATABASE_URL=empty_database_url)

    assert ill.returncode == 1
    assert "the schema lrs has not been migrated" in ill.stdout
    assert "Traceback" not in ill.stderr


async def test_a_source_whose_secret_another_key_sealed_is_found(home: Path, database_url: str) -> None:
    added = symposia(
        "source", "add", "acme", "slack", "https://acme.slack.com", "--secret", "-", "--home", home,
        stdin="a-signing-secret\n", DATABASE_URL=database_url,
    )  # fmt: skip
    (home / "master.key").unlink()
    Home.at(home).make()

    ill = symposia("doctor", "--home", home, DATABASE_URL=database_url)

    assert added.returncode == 0, added.stderr
    assert "the secrets of acme cannot be opened with this master key" in ill.stdout


def test_a_wrong_setting_is_one_sentence(home: Path) -> None:
    answer = symposia("doctor", "--home", home, SYMPOSIA_POSTGRES__POOL_SIZE="many")

    assert answer.returncode == 1
    assert "SYMPOSIA_POSTGRES__POOL_SIZE" in answer.stdout + answer.stderr
    assert "Traceback" not in answer.stderr


async def test_what_a_platform_named_and_could_not_be_read_is_found_and_listed(home: Path, database_url: str) -> None:
    letter = "('asking', 't', 0, 0, 'not a Noticed message', 1, '', '', now(), 'waiting')"
    columns = '(group_name, topic, partition, "offset", reason, attempts, value, headers, appended_at, state)'
    await append(settings_for(database_url), b"unread")  # makes the topics
    await plant(database_url, f"INSERT INTO ingest.dead_letter {columns} VALUES {letter}")  # noqa: S608  literals

    examined = symposia("doctor", "--home", home, DATABASE_URL=database_url, COLUMNS="200")
    listed = symposia("dlq", "list", "--home", home, DATABASE_URL=database_url, COLUMNS="200")

    assert "wrong    Dead letters of ingest: 1 waits" in examined.stdout
    assert "Consumer asking of platform.noticed.v1: nothing waits" in examined.stdout
    assert "ingest-1" in listed.stdout


async def test_what_contradicts_the_record_is_told_and_is_no_trouble(home: Path, database_url: str) -> None:
    letter = "('recorder', 't', 0, 0, 'conflict: x', 1, '', '', now(), 'quarantined')"
    columns = '(group_name, topic, partition, "offset", reason, attempts, value, headers, appended_at, state)'
    await append(settings_for(database_url), b"unread")  # makes the topics
    await plant(database_url, f"INSERT INTO lrs.dead_letter {columns} VALUES {letter}")  # noqa: S608  literals

    examined = symposia("doctor", "--home", home, DATABASE_URL=database_url, COLUMNS="200")
    listed = symposia("dlq", "list", "--state", "quarantined", "--home", home, DATABASE_URL=database_url, COLUMNS="200")
    waiting = symposia("dlq", "list", "--home", home, DATABASE_URL=database_url)

    assert "well     Dead letters of lrs: none waits; 1 in quarantine contradict the record" in examined.stdout
    assert "conflict: x" in listed.stdout
    assert "No dead letter is waiting" in waiting.stdout


async def test_an_erasure_that_did_not_come_to_its_end_is_found(home: Path, database_url: str) -> None:
    half = "INSERT INTO lrs.erasure (digests, erased_at, through_seq) VALUES ('{}', now() - interval '2 hours', 7)"
    await plant(database_url, half)

    ill = symposia("doctor", "--home", home, DATABASE_URL=database_url)

    assert ill.returncode == 1
    assert "Erasures: 1 began more than an hour ago and did not finish" in ill.stdout


async def test_sources_that_fail_are_found_and_what_was_given_up_is_tried_again(home: Path, database_url: str) -> None:
    for name in ("acme", "wiki", "quiet"):
        added = symposia(
            "source", "add", name, "slack", "https://acme.slack.com", "--secret", "-", "--home", home,
            stdin="a-signing-secret\n", DATABASE_URL=database_url,
        )  # fmt: skip
        assert added.returncode == 0, added.stderr
    await plant(
        database_url,
        """
        UPDATE ingest.source SET created_at = now() - interval '30 days';
        INSERT INTO ingest.heard VALUES ('acme', now() - interval '2 days'), ('quiet', now() - interval '12 days');
        INSERT INTO ingest.tally VALUES ('acme', now() - interval '1 hour', 'refused', 'forged', 4);
        INSERT INTO ingest.poll VALUES ('wiki', 'changes', '', now(), 7, 'answered 401: no');
        INSERT INTO ingest.lookup VALUES
            ('wiki', 'k', '{}', '', now(), 12, 'answered 403', 'given-up'),
            ('wiki', 'l', '{}', '', now(), 11, 'answered 403', 'waiting');
        """,
    )

    ill = symposia("doctor", "--home", home, DATABASE_URL=database_url)
    listed = symposia("source", "list", "--home", home, DATABASE_URL=database_url)
    shown = symposia("source", "show", "acme", "--home", home, DATABASE_URL=database_url)
    retried = symposia("source", "retry", "wiki", "--home", home, DATABASE_URL=database_url)
    again = symposia("source", "retry", "wiki", "--home", home, DATABASE_URL=database_url)
    unknown = symposia("source", "retry", "nobody", "--home", home, DATABASE_URL=database_url)

    assert "every delivery of acme was refused since yesterday: 4 forged" in ill.stdout
    assert "nothing was heard from quiet for 12 days" in ill.stdout
    assert "nothing was ever heard from wiki" in ill.stdout
    assert "polling wiki failed 7 times in a row: answered 401: no" in ill.stdout
    assert "1 thing that wiki named was never delivered" in ill.stdout
    assert "wiki named something and failed to deliver it 11 times" in ill.stdout
    assert {"acme", "wiki", "quiet"} <= set(listed.stdout.split())
    assert "Refused, 24 h     4 forged" in shown.stdout
    assert "2 things are asked for again" in retried.stdout
    assert "Nothing of wiki was asked for in vain" in again.stdout
    assert (unknown.returncode, "There is no source called 'nobody'" in unknown.stderr) == (1, True)


async def test_jobs_and_targets_over_which_we_met_an_error_of_our_own_are_found(home: Path, database_url: str) -> None:
    await append(settings_for(database_url), b"unread")  # makes the topics
    for name in ("warehouse", "archive", "well"):
        added = symposia(
            "forwarding", "add", name, "https://lrs.example.org/xapi", "--key", "ours", "--secret", "-", "--home", home,
            stdin="a-secret\n", DATABASE_URL=database_url,
        )  # fmt: skip
        assert added.returncode == 0, added.stderr
    await plant(
        database_url,
        """
        INSERT INTO records.relink (failures, last_failure, retry_at) VALUES
            (1, 'KeyError at a.module:7, over statement x', now()), (4, 'DecodeError at b.module:9', '2026-03-02 09:00Z');
        UPDATE lrs.forwarding_target SET failures = 3, last_failure = 'made us meet an error of our own' WHERE name = 'warehouse';
        UPDATE lrs.forwarding_target SET state = 'paused', last_failure = '200 refused' WHERE name = 'archive';
        """,
    )

    ill = symposia("doctor", "--home", home, DATABASE_URL=database_url)

    assert ill.returncode == 1
    assert "Relinking: 2 jobs met a bug, one of them 4 times: DecodeError at b.module:9" in ill.stdout
    assert "this is retried at 2026-03-02 09:00" in ill.stdout
    assert "wrong    Forwarding: warehouse accepted nothing 3 times in a row: made us meet an error of our own" in ill.stdout
    assert "worrying Forwarding: archive is paused: 200 refused" in ill.stdout

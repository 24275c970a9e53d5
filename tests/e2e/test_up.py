"""`symposia up` as a real process: ready, used, drained, killed."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from shared.postgres.embedded import embedded
from tests.support.cli import Up, start_up, symposia, up

XAPI = {"X-Experience-API-Version": "1.0.3"}
STATEMENTS = "/xapi/statements"


def statement(number: int) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "actor": {"mbox": f"mailto:person{number}@example.org"},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/completed"},
        "object": {"id": f"https://example.org/lessons/{number}"},
    }


async def plant(home: Path, sql: str) -> None:
    """Change the tables of a *home* in which nothing runs."""
    async with embedded(home / "postgres") as url:
        connection = await asyncpg.connect(url)
        await connection.execute(sql)
        await connection.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("up") / "home"


@pytest.fixture(scope="module")
def running(home: Path) -> Iterator[Up]:
    with up(home) as running:
        yield running


def test_it_is_ready_and_a_statement_posted_with_the_printed_credential_is_found(running: Up) -> None:
    said = statement(1)

    with httpx.Client(base_url=running.urls["gateway"], auth=running.key, headers=XAPI) as client:
        posted = client.post(STATEMENTS, json=said)
        found = client.get(STATEMENTS, params={"statementId": str(said["id"])})

    assert posted.json() == [said["id"]]
    assert found.json()["object"]["id"] == said["object"]["id"]


@pytest.mark.parametrize("service", ["gateway", "ingest", "enrichment", "scoring"])
def test_every_service_answers_its_probes_and_metrics(running: Up, service: str) -> None:
    for path in ("livez", "readyz", "metrics"):
        assert httpx.get(f"{running.urls[service]}/{path}").status_code == httpx.codes.OK


def test_what_it_made_is_its_owners_alone(running: Up, home: Path) -> None:
    modes = {path.name: path.stat().st_mode & 0o077 for path in (home, home / "master.key", home / "run.json", home / "postgres")}

    assert set(modes.values()) == {0}, modes


def test_a_second_one_in_the_same_home_is_refused_in_a_sentence(running: Up, home: Path) -> None:
    answer = symposia("up", "--home", home, "--port", "0")

    assert answer.returncode == 1
    assert answer.stderr.strip().startswith(f"symposia: An installation runs in {home} already (process {running.process.pid})")
    assert "Traceback" not in answer.stderr


def test_a_port_in_use_is_told_in_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        answer = symposia("up", "--home", tmp_path / "home", "--port", str(port))

    assert answer.returncode == 1
    said = f"symposia: Port {port}, for gateway, is in use: choose others with --port or SYMPOSIA_HTTP__PORT."
    assert answer.stderr.strip() == said


def test_a_postgresql_that_does_not_answer_is_told_in_a_sentence(tmp_path: Path) -> None:
    settings = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}

    answer = symposia("up", "--home", tmp_path / "home", "--port", "0", **settings)

    assert answer.returncode == 1
    assert answer.stderr.startswith("symposia: postgres is unavailable")
    assert "Traceback" not in answer.stderr


def test_commands_find_the_running_installation(running: Up, home: Path) -> None:
    created = symposia("credential", "create", "Moodle", "--scope", "statements/write", "--home", home)
    listed = symposia("credential", "list", "--home", home)

    assert created.returncode == 0, created.stderr
    assert "Moodle" in listed.stdout
    assert "first" in listed.stdout
    key_id = created.stdout.split()[2]
    assert symposia("credential", "revoke", key_id, "--home", home).returncode == 0
    assert symposia("credential", "revoke", "x" * 16, "--home", home).stderr.startswith("symposia: There is no live key")


def test_a_source_is_added_tested_through_its_door_permitted_less_paused_and_removed(running: Up, home: Path) -> None:
    added = symposia(
        "source", "add", "acme", "slack", "https://acme.slack.com", "--secret", "-", "--home", home, stdin="a-signing-secret\n"
    )
    tested = symposia("source", "test", "acme", "--home", home)
    permitted = symposia("source", "permit", "acme", "--channel", "C42", "--home", home)
    paused = symposia("source", "pause", "acme", "--home", home)
    tested_again = symposia("source", "test", "acme", "--home", home)
    listed = symposia("source", "list", "--home", home)
    removed = symposia("source", "remove", "acme", "--yes", "--home", home)
    unknown = symposia("source", "test", "acme", "--home", home)

    assert f"{running.urls['ingest']}/hooks/slack/acme" in added.stdout
    assert "The signature was accepted: acme is heard." in tested.stdout
    assert "The signature was accepted: acme is paused" in tested_again.stdout
    assert "Recorded deliveries of slack would be told so" in tested.stdout
    assert "https://acme.slack.com/archives/C1/p1772452800000100" in tested.stdout
    assert permitted.returncode == paused.returncode == removed.returncode == 0
    assert "paused" in listed.stdout
    assert "C42" in listed.stdout
    assert "a-signing-secret" not in listed.stdout
    assert unknown.stderr.strip() == "symposia: There is no source called 'acme': `symposia source list` shows them."


def test_faults_of_an_import_are_told_with_their_lines(running: Up, home: Path, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("external_id,name,email\nHR-1,Ann,ann@example.org\n,Bob,bob@example.org\nHR-3,Cy,no address\n")

    tried = symposia("import", "people", file, "--dry-run", "--home", home)
    taken = symposia("import", "people", file, "--home", home)
    again = symposia("import", "people", file, "--home", home)

    assert (tried.returncode, taken.returncode, again.returncode) == (1, 1, 1)
    assert "1 person would be taken" in tried.stdout
    assert taken.stdout.strip() == "1 person taken."
    assert again.stdout.strip() == "1 person taken, and nothing of it is new."
    assert re.search(r"3 +external_id +is empty", taken.stderr)
    assert "'no address' is not an e-mail address" in taken.stderr


def test_sigterm_drains_and_a_later_start_makes_no_second_credential(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with up(home) as first:
        key = first.key
    assert first.process.returncode == 0
    assert "Draining" in first.printed

    with up(home) as second:
        answer = httpx.get(f"{second.urls['gateway']}{STATEMENTS}", auth=key, headers=XAPI)

    assert "Credentials were made before" in second.printed
    assert answer.status_code == httpx.codes.OK


def test_a_replay_while_nothing_runs_ends_and_says_so(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with up(home) as first, httpx.Client(base_url=first.urls["gateway"], auth=first.key, headers=XAPI) as client:
        client.post(STATEMENTS, json=statement(1))

    replayed = symposia("replay", "--rebuild", "--home", home)

    assert replayed.returncode == 0, replayed.stderr
    assert "1 statement of the record was said again." in replayed.stdout
    assert "Nothing runs here now" in replayed.stdout


def test_impact_of_older_rules_keeps_no_door_shut_and_is_made_again_while_all_runs(tmp_path: Path) -> None:
    home = tmp_path / "an old home"
    with up(home) as older:
        key = older.key
    asyncio.run(plant(home, "UPDATE impact.rules SET version = '0-older'"))

    with up(home) as running:
        posted = httpx.post(f"{running.urls['gateway']}{STATEMENTS}", json=statement(1), auth=key, headers=XAPI)
        before = httpx.get(f"{running.urls['scoring']}/readyz")
        looked = symposia("doctor", "--home", home)
        replayed = symposia("replay", "--home", home)
        played = symposia("demo", "--home", home)
        rebuilt = symposia("replay", "--rebuild", "--home", home)
        after = httpx.get(f"{running.urls['scoring']}/readyz")

    assert posted.status_code == httpx.codes.OK
    assert before.status_code == httpx.codes.SERVICE_UNAVAILABLE
    command = f"symposia replay --rebuild --home '{home}'"
    for told in (home.with_suffix(".err").read_text(), replayed.stdout, played.stderr):
        assert "The facts were made by the rules 0-older" in told
        assert command in told
    assert "Rules of impact: the facts were made by the rules 0-older" in looked.stdout
    assert (replayed.returncode, played.returncode) == (0, 1)
    assert "Every consumer has caught up." in rebuilt.stdout
    assert after.status_code == httpx.codes.OK


def test_behind_a_proxy_it_names_its_public_address_and_is_looked_at_where_it_listens(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with up(home, SYMPOSIA_HTTP__PUBLIC_URL="https://example.org/lrs/") as running:
        with httpx.Client(base_url=running.urls["gateway"], auth=running.key, headers=XAPI) as client:
            posted = client.post(STATEMENTS, json=[statement(1), statement(2)])
            page = client.get(STATEMENTS, params={"limit": 1}).json()
        looked = symposia("doctor", "--home", home)

    assert posted.status_code == httpx.codes.OK
    assert page["more"].startswith("/lrs/xapi/statements?more=")
    assert "https://example.org/lrs/xapi" in running.printed
    assert "https://example.org/lrs/metrics" not in running.printed
    assert f"Service gateway: ready at {running.urls['gateway']}" in looked.stdout


def test_sigkill_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    home = tmp_path / "home"
    victim = start_up(home)
    key = victim.key
    said = [statement(number) for number in range(30)]
    with httpx.Client(base_url=victim.urls["gateway"], auth=key, headers=XAPI) as client:
        acknowledged = [client.post(STATEMENTS, json=each).json()[0] for each in said]
    victim.process.send_signal(signal.SIGKILL)
    victim.process.wait()

    with up(home) as again, httpx.Client(base_url=again.urls["gateway"], auth=key, headers=XAPI) as client:
        found = client.get(STATEMENTS, params={"limit": 100}).json()["statements"]

    assert {each["id"] for each in found} == set(acknowledged) == {each["id"] for each in said}

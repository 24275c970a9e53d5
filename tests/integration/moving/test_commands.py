"""`symposia statements` as people run it, between two installations: a gateway that listens, and one spoken to by its API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from shared.settings import PostgresSettings
from tests.support.attachments import BOUNDARY, attachment, multipart, part, statements_part
from tests.support.cli import symposia
from tests.support.gateway import MASTER_KEY, statement
from tests.support.listening import Gateway, listening
from tests.support.moving import exported, written
from tests.support.received import VOIDED


@pytest.fixture
async def ours(postgres_settings: PostgresSettings) -> AsyncIterator[Gateway]:
    async with listening(postgres_settings) as gateway:
        yield gateway


@pytest.fixture
async def theirs(empty_settings: PostgresSettings) -> AsyncIterator[Gateway]:
    async with listening(empty_settings) as gateway:
        yield gateway


async def run(gateway: Gateway, *arguments: str | Path, stdin: str = "") -> CompletedProcess[str]:
    """Run a command at the installation of *gateway*."""
    settings = {"DATABASE_URL": gateway.database, "SYMPOSIA_SECRETS__KEY": MASTER_KEY}
    return await asyncio.to_thread(symposia, "statements", *arguments, stdin=stdin, **settings)


async def fill(gateway: Gateway) -> list[str]:
    """Post more than a page of statements, one voided, one with an attachment; return their ids in order."""
    several = [statement() for _ in range(70)]
    voiding = statement(verb={"id": VOIDED}, object={"objectType": "StatementRef", "id": several[5]["id"]})
    attached = statement(attachments=[attachment(b"octets")])
    await gateway.post(*several)
    await gateway.post(voiding)
    body = multipart([statements_part(attached), part(b"octets")])
    headers = {"Content-Type": f'multipart/mixed; boundary="{BOUNDARY}"'}
    assert (await gateway.http.post("/statements", content=body, headers=headers)).status_code == 200
    return [each["id"] for each in (*several, voiding, attached)]


async def test_another_lrs_is_exported_by_its_api_voided_statements_and_attachments_too(
    ours: Gateway, theirs: Gateway, tmp_path: Path
) -> None:
    ids = await fill(theirs)
    key, secret = theirs.key
    elsewhere = ("--from", theirs.url, "--key", key, "--secret", "-", "--private", "--page", "20")

    done = await run(ours, "export", tmp_path / "all.ndjson", *elsewhere, stdin=secret)

    assert done.returncode == 0, done.stderr
    assert "72 statements were exported" in done.stdout
    voided = ids.pop(5)
    found = [each["id"] for each in exported(tmp_path / "all.ndjson")]
    assert found == [*ids[:69], voided, *ids[69:]]
    (octets,) = (tmp_path / "attachments").iterdir()
    assert octets.read_bytes() == b"octets"


async def test_another_lrs_is_imported_by_its_api_with_a_token_and_again_without_a_change(ours: Gateway, theirs: Gateway) -> None:
    ids = await fill(theirs)
    key, secret = theirs.key
    token_url = theirs.url.removesuffix("/xapi") + "/oauth/token"
    elsewhere = (
        theirs.url,
        "--key",
        key,
        "--secret",
        "-",
        "--oauth",
        token_url,
        "--scope",
        "all/read",
        "--private",
        "--authority",
        "keep",
    )

    first = await run(ours, "import", *elsewhere, stdin=secret)
    again = await run(ours, "import", *elsewhere, stdin=secret)

    assert (first.returncode, again.returncode) == (0, 0), first.stderr
    assert "72 statements taken, 0 there already" in first.stdout
    assert "0 statements taken, 72 there already" in again.stdout
    assert await ours.has(ids[5], "voidedStatementId")
    one, other = [(await each.http.get("/statements", params={"statementId": ids[0]})).json() for each in (ours, theirs)]
    assert {**one, "stored": other["stored"]} == other


async def test_a_file_moves_from_one_installation_to_the_other(ours: Gateway, theirs: Gateway, tmp_path: Path) -> None:
    ids = await fill(theirs)

    out = await run(theirs, "export", tmp_path / "all.tar.gz")
    into = await run(ours, "import", tmp_path / "all.tar.gz")

    assert (out.returncode, into.returncode) == (0, 0), out.stderr + into.stderr
    assert "--after 72" in out.stdout
    assert "72 statements taken, 0 there already, 0 refused, 0 in conflict" in into.stdout
    assert all([await ours.has(each) for each in (ids[0], ids[-1])])


async def test_what_was_not_taken_stands_in_a_report_and_in_the_exit_status(ours: Gateway, tmp_path: Path) -> None:
    good = statement()
    file = written(tmp_path / "some.ndjson", good, {**good, "actor": {"mbox": "mailto:other@example.org"}}, {})

    dry = await run(ours, "import", "-", "--dry-run", "--report", tmp_path / "dry.ndjson", stdin=file.read_text())
    done = await run(ours, "import", file)

    assert (dry.returncode, done.returncode) == (1, 1)
    assert "1 statement would be taken" in dry.stdout
    report = [json.loads(line) for line in (tmp_path / "some.ndjson.report.ndjson").read_text().splitlines()]
    assert report[0] == {
        "line": 2, "pointer": "/id", "rule": "conflict", "message": f"The statement {good['id']} is recorded with other content."
    }  # fmt: skip
    assert {row["rule"] for row in report[1:]} == {"missing-property"}
    assert "line 2: /id: conflict" in done.stderr


async def test_a_wrong_address_key_map_or_file_is_one_sentence(ours: Gateway, theirs: Gateway, tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text('[parts]\n"actor" = {column = "x"}\n')
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    (tmp_path / "x.tar.gz").write_bytes(b"no archive")
    (tmp_path / "x.ndjson.gz").write_bytes(b"not packed")
    wrong = ("--key", "x", "--secret", "y")

    said = [
        await run(ours, "export", tmp_path / "a.ndjson", "--from", theirs.url, *wrong),
        await run(ours, "export", tmp_path / "b.ndjson", "--from", theirs.url, *wrong, "--private"),
        await run(ours, "import", f"{theirs.url}/nowhere", *wrong, "--private"),
        await run(ours, "import", tmp_path / "x.csv", "--columns", tmp_path / "map.toml"),
        await run(ours, "import", tmp_path / "x.csv"),
        await run(ours, "import", tmp_path / "x.tar.gz"),
        await run(ours, "import", tmp_path / "x.ndjson.gz"),
        await run(ours, "import", tmp_path / "missing.ndjson"),
        await run(ours, "import", tmp_path / "x.csv", "--report", tmp_path / "nowhere" / "report.ndjson"),
        await run(ours, "export", tmp_path / "x.pdf", "--from", theirs.url, "--key", "x"),
    ]

    reasons = [done.stderr.splitlines()[-1] for done in said]
    expected = (
        "private networks",
        "401",
        "404",
        "column map",
        "no column",
        "cannot be unpacked",
        "gzip",
        "No such file",
        "no folder for the report",
        ".ndjson, .jsonl",
    )
    for reason, part_of_it in zip(reasons, expected, strict=True):
        assert reason.startswith("symposia: "), reason
        assert part_of_it in reason
    assert {done.returncode for done in said} == {1}
    assert said[7].stdout == ""

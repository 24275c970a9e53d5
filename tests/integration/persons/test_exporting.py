"""Handing over what is held on a person: all of it, as it is kept, in files that explain themselves."""

from __future__ import annotations

import tarfile
from pathlib import Path

import orjson
import pytest

from services.enrichment.imports import Importer, Kind
from services.gateway.recorder import Recorder
from services.gateway.statements.store import StatementStore
from shared.postgres import Database, Query
from shared.settings import PostgresSettings
from tests.support.cli import symposia
from tests.support.lrs import Lrs
from tests.support.received import id_of, request, statement

ANN = {"objectType": "Agent", "name": "Ann", "mbox": "mailto:ann@example.org"}
BOB = {"objectType": "Agent", "name": "Bob", "mbox": "mailto:bob@example.org"}
OCTETS = b"what Ann attached"
ATTACHED = {
    "usageType": "http://x.example/a", "display": {"en": "a"}, "contentType": "text/plain", "length": 17, "sha2": "ab" * 32,
}  # fmt: skip


async def furnish(settings: PostgresSettings) -> None:
    """Put into the house what is held on Ann, and something on Bob."""
    records = await Database.open(settings, schema="records", application="test")
    people = b"external_id,name,email,accounts\nHR-1,Ann,ann@example.org,\nHR-2,Bob,bob@example.org,U2@https://acme.slack.com\n"
    await Importer(records).take(Kind.PEOPLE, people)
    ann = await records.fetchval(Query("SELECT id FROM learner WHERE external_id = 'HR-1'"))
    await records.close()
    scored = await Database.open(settings, schema="impact", application="test")
    await scored.execute(
        Query(
            "INSERT INTO fact VALUES ('1', $1::uuid, 'reception', $2, gen_random_uuid(), gen_random_uuid(), 'https://x.example/q',"
            " 2900, 1000000, 1000000, 1000000, true)"
        ),
        id_of(2),
        ann,
    )
    await scored.close()
    database = await Database.open(settings, schema="lrs", application="test")
    lrs = Lrs(database, Recorder(), StatementStore(database))
    pretty = orjson.dumps(statement(2, actor=BOB, context={"instructor": ANN}), option=orjson.OPT_INDENT_2)
    await lrs.take(request(statement(1, actor=ANN, attachments=[ATTACHED]), pretty, statement(3, actor=BOB)))
    await database.execute(Query("INSERT INTO attachment VALUES ($1, 17, now(), $2)"), bytes(32), OCTETS)
    await database.execute(
        Query("INSERT INTO attachment_use VALUES ($1::uuid, $2, $3, now(), true)"), id_of(1), bytes.fromhex("ab" * 32), bytes(32)
    )
    await database.execute(
        Query(
            "INSERT INTO document VALUES (gen_random_uuid(), gen_random_uuid(), 'state', 'https://x.example/a',"
            " 'mbox::mailto:ann@example.org', gen_random_uuid(), 'p', 'text/plain', 'kept for Ann', 'e', now())"
        )
    )
    await database.close()


@pytest.fixture
async def told(postgres_settings: PostgresSettings) -> dict[str, str]:
    """Return the environment that leads to an installation in which something is held."""
    await furnish(postgres_settings)
    url = postgres_settings.url.get_secret_value()
    return {"DATABASE_URL": url, "SYMPOSIA_SECRETS__KEY": "c3ltcG9zaWEtdGVzdC1rZXktMzItYnl0ZXMtbG9uZyE="}


def test_all_that_is_held_is_handed_over_as_it_is_kept(told: dict[str, str], tmp_path: Path) -> None:
    ran = symposia("person", "export", "external:HR-1", "--to", tmp_path / "ann", **told)

    assert ran.returncode == 0, ran.stderr
    lines = (tmp_path / "ann" / "statements.ndjson").read_bytes().splitlines()
    assert [orjson.loads(line)["id"] for line in lines] == [id_of(1), id_of(2)]
    assert (tmp_path / "ann" / "attachments" / bytes(32).hex()).read_bytes() == OCTETS
    assert (tmp_path / "ann" / "documents" / "000001").read_bytes() == b"kept for Ann"
    (profile,) = orjson.loads((tmp_path / "ann" / "profiles.json").read_bytes())
    assert (profile["externalId"], profile["name"]) == ("HR-1", "Ann")
    (impact,) = orjson.loads((tmp_path / "ann" / "impact.json").read_bytes())
    assert [fact["statement_id"] for fact in impact["explanation"]] == [id_of(2)]
    assert "mbox::mailto:ann@example.org" in (tmp_path / "ann" / "README.md").read_text()
    assert (tmp_path / "ann").stat().st_mode & 0o077 == 0


def test_an_archive_holds_the_same_and_nothing_is_overwritten(told: dict[str, str], tmp_path: Path) -> None:
    first = symposia("person", "export", "ann@example.org", "--to", tmp_path / "ann.tar.gz", **told)
    again = symposia("person", "export", "ann@example.org", "--to", tmp_path / "ann.tar.gz", **told)

    assert (first.returncode, again.returncode) == (0, 1)
    assert "there already" in again.stderr
    with tarfile.open(tmp_path / "ann.tar.gz") as archive:
        assert {"ann/README.md", "ann/statements.ndjson", "ann/impact.json"} <= set(archive.getnames())
    assert [path.name for path in tmp_path.iterdir()] == ["ann.tar.gz"]


def test_who_names_a_part_of_a_learner_or_nobody_is_told(told: dict[str, str], tmp_path: Path) -> None:
    part = symposia("person", "export", "bob@example.org", "--to", tmp_path / "part", **told)
    nobody = symposia("person", "export", "nobody@example.org", "--to", tmp_path / "nobody", **told)
    not_erased = symposia("person", "erase", "nobody@example.org", "--dry-run", **told)

    assert "1 more identifier, which is not meant: name learner:" in part.stderr
    assert "Nothing is held" not in part.stderr
    assert nobody.stderr == not_erased.stderr == "Nothing is held on whom you named: are the names right?\n"


def test_what_there_is_to_erase_is_shown_and_nothing_is_done_without_a_yes(told: dict[str, str]) -> None:
    dry = symposia("person", "erase", "external:HR-1", "--dry-run", **told)
    refused = symposia("person", "erase", "external:HR-1", stdin="n\n", **told)

    assert dry.returncode == 0, dry.stderr
    assert [line.split()[-1] for line in dry.stdout.splitlines() if "statements of" in line] == ["1", "1"]
    assert refused.returncode == 1
    assert "Nothing was done" in refused.stderr


def test_who_was_erased_is_known_no_more(told: dict[str, str]) -> None:
    erased = symposia("person", "erase", "external:HR-1", "--yes", "--no-wait", **told)
    again = symposia("person", "erase", "external:HR-1", "--yes", "--no-wait", **told)
    by_address = symposia("person", "erase", "ann@example.org", "--dry-run", **told)

    assert erased.returncode == 0, erased.stderr
    assert again.returncode == 1
    assert "No learner is known" in again.stderr
    assert {line.split()[-1] for line in by_address.stdout.splitlines() if "record" in line or "projections" in line} == {"0"}


def test_a_name_that_names_nobody_is_told_what_would(told: dict[str, str]) -> None:
    ran = symposia("person", "erase", "Ann", "--yes", **told)

    assert ran.returncode == 1
    assert "names nobody" in ran.stderr

"""What the pages tell operators to ask of PostgreSQL and of Prometheus can be asked: of the tables and metrics that there are."""

from __future__ import annotations

import re
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import yaml

from tests.support.catalogue import families

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", *(page for page in sorted(ROOT.glob("docs/**/*.md")) if "decisions" not in page.parts)]
FENCED = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)


def spans_of(page: Path) -> list[tuple[str, str]]:
    """Return the pieces of code on *page*, each in one line and with the page's name: within a line, or in a block of SQL."""
    text = page.read_text("utf-8")
    blocks = [block for language, block in FENCED.findall(text) if language == "sql"]
    pieces = [*blocks, *re.findall(r"`([^`]+)`", FENCED.sub("", text))]
    return [(str(page.relative_to(ROOT)), " ".join(piece.split())) for piece in pieces]


SPANS = [span for page in PAGES for span in spans_of(page)]
SQL = re.compile(r"(?:SELECT|UPDATE|DELETE FROM|INSERT INTO) (?!…)\S.*")
FILLED_IN = {"…": "NULL", "FIRST": "0", "PID": "0"}
"""What an operator writes in place of these words."""
ASKED = [(page, span) for page, span in SPANS if SQL.fullmatch(span)]
RELATION = re.compile(r"\b(?:ingest|lrs|records|impact|log)\.[a-z]\w+\b(?!\.)")
FILES = frozenset({"impact.json", "log.py"})
RELATIONS = sorted({name for _, span in SPANS for name in RELATION.findall(span)} - FILES)

METRIC = re.compile(r"\bsymposia_[a-z]+_\w*[a-z]\b")
LABELS = re.compile(r"\bby ?\(([^)]*)\)|\{([^}]*)\}")
NAMED = sorted({(page, span) for page, span in SPANS if METRIC.search(span)})


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def test_every_statement_of_sql_runs_on_the_tables_that_there_are(database: asyncpg.Connection) -> None:
    assert {page for page, _ in ASKED} >= {"docs/operations.md", "docs/runbooks/OffsetGap.md", "docs/runbooks/ConsumerStuck.md"}

    for page, span in ASKED:
        statement = re.sub("|".join(map(re.escape, FILLED_IN)), lambda found: FILLED_IN[found[0]], span)
        transaction = database.transaction()
        await transaction.start()
        try:
            await database.fetch(statement)
        except asyncpg.PostgresError as error:
            pytest.fail(f"{page}: {statement}: {error}")
        finally:
            await transaction.rollback()


async def test_every_table_view_and_function_that_is_named_is_there(database: asyncpg.Connection) -> None:
    assert RELATIONS

    missing = await database.fetch(
        "SELECT name FROM unnest($1::text[]) AS name WHERE coalesce(to_regclass(name)::oid, to_regproc(name)::oid) IS NULL",
        RELATIONS,
    )

    assert [row["name"] for row in missing] == []


def test_every_expression_and_name_is_of_metrics_and_labels_that_there_are() -> None:
    assert any("rate(" in span for _, span in NAMED)

    for page, span in NAMED:
        metrics = {families().get(re.sub(r"_(?:bucket|count|sum)$", "", name)) for name in METRIC.findall(span)}
        labels = set(re.findall(r"(\w+) ?(?:=|!=|,|$)", re.sub(r'"[^"]*"', "", " ".join(map("".join, LABELS.findall(span))))))

        assert None not in metrics, f"{page}: {span}"
        assert all(metric and labels <= {*metric.labels, "le"} for metric in metrics), f"{page}: {span}"


def test_every_expression_can_be_read_by_prometheus(tmp_path: Path) -> None:
    asked = [span for _, span in NAMED if not METRIC.fullmatch(span)]
    rules = [{"record": f"asked:{number}", "expr": span} for number, span in enumerate(asked)]
    file = tmp_path / "asked.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "asked", "rules": rules}]}))

    ran = subprocess.run(["promtool", "check", "rules", file], capture_output=True, text=True, timeout=60, check=False)

    assert ran.returncode == 0, ran.stdout + ran.stderr

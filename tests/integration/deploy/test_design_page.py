"""docs/design.md is a map of what there is: every table with its columns, every module, and the names that others lean on."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import asyncpg
import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "design.md").read_text("utf-8")
SCHEMAS = ("ingest", "lrs", "records", "impact")
OF_EVERY_CONSUMER = {"consumer_offset", "outbox", "dead_letter", "migration"}
TABLE = re.compile(r"(?:\w+\.)?(\w+)(?:\((.*)\))?")
GRAMMAR = {"__init__.py", "__main__.py", "app.py", "settings.py", "metrics.py", "store.py", "domain", "migrations"}
"""What every service has: the page says of them in general what they hold."""
MAPPED = ("services", "services/ingest", "services/gateway", "services/enrichment", "services/scoring", "shared")


def spans(text: str) -> list[str]:
    """Return what stands as code within the lines of *text*."""
    return re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def section(schema: str) -> str:
    """Return what the page says of *schema*."""
    return re.split(r"\n##", PAGE.split(f"\n### `{schema}`")[1])[0]


async def relations(database_url: str) -> Mapping[str, dict[str, set[str]]]:
    """Return the columns of each table and view, by schema."""
    connection = await asyncpg.connect(database_url)
    rows = await connection.fetch("SELECT table_schema, table_name, column_name FROM information_schema.columns")
    await connection.close()
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in rows:
        found[row["table_schema"]][row["table_name"]].add(row["column_name"])
    return found


async def test_the_page_names_every_table_and_view_of_each_schema(database_url: str) -> None:
    found = await relations(database_url)

    for schema in SCHEMAS:
        named = {match[1] for span in spans(section(schema)) if (match := TABLE.fullmatch(span))}
        assert set(found[schema]) - OF_EVERY_CONSUMER - named == set(), schema


async def test_the_columns_that_the_page_names_are_there(database_url: str) -> None:
    found = await relations(database_url)

    for schema in SCHEMAS:
        for name, columns in (match.groups() for span in spans(section(schema)) if (match := TABLE.fullmatch(span))):
            if columns and name in found[schema]:
                said = {column.split()[0].strip('"[]') for column in columns.split(", ") if column not in {"", "…"}}
                assert said - found[schema][name] == set(), f"{schema}.{name}"


@pytest.mark.parametrize("folder", MAPPED)
def test_the_page_names_every_module_of_the_map(folder: str) -> None:
    there = {path.name for path in (ROOT / folder).iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}

    words = {word for span in spans(PAGE) for word in re.split(r"[/, ]", span)}

    assert there - GRAMMAR - words == set()


def test_the_names_that_others_lean_on_are_there() -> None:
    block = PAGE.split("### Interfaces others lean on")[1].split("```")[1]
    code = "\n".join(path.read_text("utf-8") for part in ("services", "shared") for path in (ROOT / part).rglob("*.py"))

    named = re.findall(r"\b(?:def|class) (\w+)", block)

    assert named
    assert [name for name in named if not re.search(rf"\b(?:def|class) {name}\b", code)] == []

"""docs/operations.md: its tables are those of the code and of the alerts."""

from __future__ import annotations

import re
from pathlib import Path

import asyncpg
import yaml

from tests.support.catalogue import families

ROOT = Path(__file__).parents[3]
COMPOSE = (ROOT / "docker-compose.yml").read_text("utf-8")
GUIDE = (ROOT / "docs" / "operations.md").read_text("utf-8")


def rows(first: str) -> list[list[str]]:
    """Return the cells of the table whose first column is called *first*."""
    table = GUIDE.split(f"| {first} |")[1].split("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def test_the_catalogue_has_every_metric_with_its_kind_and_labels() -> None:
    said = {name.strip("`"): (kind, tuple(re.findall(r"`(\w+)`", labels))) for name, kind, labels, _ in rows("metric")}

    assert said == {name: (family.kind, family.labels) for name, family in families().items()}


def test_the_guide_lists_every_alert_with_its_severity() -> None:
    groups = yaml.safe_load((ROOT / "deploy" / "prometheus" / "alerts.yml").read_text("utf-8"))["groups"]
    alerts = {rule["alert"]: rule["labels"]["severity"] for group in groups for rule in group["rules"] if "alert" in rule}

    said = {re.sub(r"\[(\w+)\]\(runbooks/\1\.md\)", r"\1", name): severity for name, severity, _ in rows("alert")}

    assert said == alerts


def test_the_guide_names_the_variables_of_compose_with_their_defaults() -> None:
    taken = dict(re.findall(r"\$\{(\w+):-([^}]+)\}", COMPOSE))

    said = {name: default for names, _, default in rows("variable (in `.env`)") for name in re.findall(r"`(\w+)`", names)}

    assert set(said) == set(taken)
    assert [name for name, default in taken.items() if re.split(r"[/:]", default)[-1] not in said[name]] == []


def test_the_guide_says_which_ports_are_published() -> None:
    published = {port for service in yaml.safe_load(COMPOSE)["services"].values() for port in service.get("ports", ())}

    said = {port for ports, _, whether in rows("port") if whether == "yes" for port in ports.split(", ")}

    assert said == {port.rpartition(":")[2] for port in published}


async def test_the_guide_says_of_every_table_how_long_it_is_kept(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    there = await connection.fetch(
        "SELECT table_schema AS schema, table_name AS name FROM information_schema.tables"
        " WHERE table_type = 'BASE TABLE' AND table_schema IN ('ingest', 'lrs', 'records', 'impact', 'log')"
    )
    await connection.close()

    words = {word.rpartition(".")[2] for where, *_ in rows("where") for word in re.findall(r"`([\w.]+)`", where)}

    assert [f"{row['schema']}.{row['name']}" for row in there if not {row["schema"], row["name"]} & words] == []


def test_its_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", GUIDE)

    assert links
    assert all((ROOT / "docs" / link).exists() for link in links)

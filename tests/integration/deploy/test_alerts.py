"""The alerts, asked of promtool itself: they are valid, each is shown to fire and to be calm, and each has its runbook."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.catalogue import METRICS_OF_OTHERS, exported, names_in

ROOT = Path(__file__).parents[3]
DIRECTORY = ROOT / "deploy" / "prometheus"
RUNBOOKS = ROOT / "docs" / "runbooks"
GROUPS = yaml.safe_load((DIRECTORY / "alerts.yml").read_text("utf-8"))["groups"]
RULES: list[dict[str, Any]] = [rule for group in GROUPS for rule in group["rules"]]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}
RECORDED = {rule["record"] for rule in RULES if "record" in rule}
SECTIONS = ["## Meaning", "## Impact", "## Diagnosis", "## Mitigation"]


def promtool(*arguments: str) -> None:
    ran = subprocess.run(["promtool", *arguments], cwd=DIRECTORY, capture_output=True, text=True, timeout=240, check=False)

    assert ran.returncode == 0, ran.stdout + ran.stderr


def expressions_tried(alert: str) -> list[dict[str, Any]]:
    tests = yaml.safe_load((DIRECTORY / "alerts_test.yml").read_text("utf-8"))["tests"]
    return [each for test in tests for each in test.get("promql_expr_test", []) if f'alertname="{alert}"' in each["expr"]]


def test_prometheus_accepts_its_configuration_and_rules() -> None:
    promtool("check", "config", "prometheus.yml")
    promtool("check", "rules", "alerts.yml")


def test_the_alerts_fire_when_they_should_and_only_then() -> None:
    promtool("test", "rules", "alerts_test.yml")


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_is_tried_calm_and_firing(alert: str) -> None:
    tried = expressions_tried(alert)

    assert any(not each["exp_samples"] for each in tried)
    assert any(each["exp_samples"] for each in tried)


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_says_how_bad_what_and_what_to_do(alert: str) -> None:
    rule = ALERTS[alert]

    assert rule["labels"]["severity"] in {"critical", "warning", "none"}
    assert rule["annotations"].keys() == {"summary", "description", "runbook"}
    assert rule["annotations"]["runbook"] == f"docs/runbooks/{alert}.md"


@pytest.mark.parametrize("alert", ALERTS)
def test_a_runbook_has_its_four_sections_and_leads_somewhere(alert: str) -> None:
    text = (RUNBOOKS / f"{alert}.md").read_text("utf-8")

    assert text.startswith(f"# {alert}\n")
    assert [line for line in text.splitlines() if line.startswith("## ")] == SECTIONS
    assert all((RUNBOOKS / target).exists() for target in re.findall(r"\]\((\w+\.md)\)", text))


def test_there_is_no_runbook_without_an_alert() -> None:
    assert {path.stem for path in RUNBOOKS.glob("*.md")} == set(ALERTS)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.get("alert") or rule["record"])
def test_a_rule_asks_for_metrics_that_exist(rule: dict[str, Any]) -> None:
    assert names_in(rule["expr"]) <= exported() | RECORDED | METRICS_OF_OTHERS

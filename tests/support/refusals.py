"""Every refusal that the gateway's xAPI doors have words for, read from the code that says them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

from shared.xapi.guard import REASONS
from shared.xapi.rules import RULES

ROOT = Path(__file__).parents[2]
DOORS = (
    "services/gateway/alternate.py",
    "shared/xapi/guard.py",
    "shared/http/body.py",
    "shared/http/app.py",
    "shared/http/problem.py",
)
FOLDERS = ("attachments", "credentials", "definitions", "documents", "domain", "statements")
RULE_AT = {"Fault": 1, "Violation": 1, "BadParameter": 1, "BadMultipart": 0, "Malformed": 0, "Unsigned": 0}
"""Which argument of what is said names the rule."""


def sources() -> Iterator[Path]:
    yield from (ROOT / door for door in DOORS)
    for folder in FOLDERS:
        yield from sorted((ROOT / "services/gateway" / folder).glob("*.py"))


def rules() -> set[str]:
    """Return the slug of every rule."""
    found = {*RULES, *(rule for _, rule, _ in REASONS), "json"}
    for name, arguments in _calls():
        if name in RULE_AT and len(arguments) > RULE_AT[name]:
            rule = arguments[RULE_AT[name]]
            found |= {rule.value} if isinstance(rule, ast.Constant) and isinstance(rule.value, str) else set()
    return found


def statuses() -> set[int]:
    """Return the status of every refusal, those of an outage and of a bug included."""
    named = {"UNAUTHORIZED": 401, "FORBIDDEN": 403, "TOO_MANY_REQUESTS": 429}
    found: set[int] = {HTTPStatus.CONFLICT, HTTPStatus.NOT_FOUND}
    for name, arguments in _calls():
        if name != "Problem" or not arguments:
            continue
        for node in ast.walk(arguments[0]):
            if isinstance(node, ast.Constant) and isinstance(node.value, int):
                found.add(node.value)
            elif isinstance(node, ast.Name) and node.id in named:
                found.add(named[node.id])
    return found


def _calls() -> Iterator[tuple[str, list[ast.expr]]]:
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                yield node.func.id, node.args

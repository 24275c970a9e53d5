"""Check statements against the templates of our xAPI profile (xAPI Profile Specification 1.0, Communication §2.1).

Small on purpose: determining properties that our templates use, and rules by JSONPath.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import jsonpath
import orjson

from shared.xapi import profile
from shared.xapi.vocabulary import canonical

DETERMINING = {"verb", "objectActivityType"}
KNOWN = {"id", "type", "inScheme", "prefLabel", "definition", "rules", *DETERMINING}


@cache
def document() -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(profile.document())
    return found


@cache
def _path(location: str) -> Any:
    return jsonpath.compile(location)


def templates_of(statement: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the templates whose determining properties *statement* has."""
    verb = canonical(statement["verb"]["id"])
    kind = canonical(statement["object"].get("definition", {}).get("type", ""))
    return [
        template
        for template in document()["templates"]
        if canonical(template["verb"]) == verb and template.get("objectActivityType", kind) == kind
    ]


def faults(statement: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with *statement* by the profile: no template, or a rule that is broken."""
    found = templates_of(statement)
    if not found:
        return [f"no template for {statement['verb']['id']}"]
    return [f"{template['id']}: {fault}" for template in found for rule in template["rules"] for fault in broken(rule, statement)]


def broken(rule: Mapping[str, Any], statement: Mapping[str, Any]) -> Iterator[str]:
    """Yield why *statement* breaks *rule*."""
    values = _path(rule["location"]).findall(statement)
    where = rule["location"]
    match rule.get("presence"):
        case "included" if not values:
            yield f"{where} is missing"
        case "excluded" if values:
            yield f"{where} is there"
    if values and "any" in rule and not any(value in rule["any"] for value in values):
        yield f"{where} is none of {rule['any']}"
    if values and "all" in rule and not all(value in rule["all"] for value in values):
        yield f"{where} is not always one of {rule['all']}"
    if any(value in rule.get("none", ()) for value in values):
        yield f"{where} is one of {rule['none']}"

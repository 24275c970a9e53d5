"""Redaction keeps who did what to which thing, and no text."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.domain.redaction import redact
from shared.xapi.model import Version
from shared.xapi.validation import validate

SECRET = "the launch is in May"
THING = {
    "id": "https://example.org/1",
    "definition": {"type": "https://example.org/t", "name": {"en": SECRET}, "extensions": {"https://example.org/e": SECRET}},
}
ANN = {"name": "Ann", "mbox": "mailto:ann@example.org"}
FULL: dict[str, Any] = {
    "id": "0192f3a8-0000-4000-8000-000000000001",
    "actor": ANN,
    "verb": {"id": "https://example.org/v", "display": {"en": "wrote"}},
    "object": THING,
    "result": {"response": SECRET, "score": {"raw": 1.0}, "extensions": {"https://example.org/e": SECRET}},
    "context": {
        "registration": "0192f3a8-0000-4000-8000-000000000002",
        "instructor": ANN,
        "platform": "Slack",
        "contextActivities": {"parent": [THING], "grouping": THING},
        "extensions": {"https://example.org/e": SECRET},
    },
    "timestamp": "2026-01-31T12:00:00Z",
    "stored": "2026-01-31T12:00:01.000000Z",
    "authority": ANN,
    "version": "1.0.3",
    "attachments": [
        {
            "usageType": "https://example.org/u",
            "display": {"en": SECRET},
            "contentType": "text/plain",
            "length": 3,
            "sha2": "ab" * 32,
        }
    ],
}
BARE = {"id": "https://example.org/1", "definition": {"type": "https://example.org/t"}}


def redacted(**changes: Any) -> dict[str, Any]:
    statement: dict[str, Any] = orjson.loads(redact(orjson.dumps({**FULL, **changes})))
    return statement


def test_what_stays_is_who_did_what_to_which_thing_and_when() -> None:
    left = redacted()

    assert SECRET not in str(left)
    for name in ("id", "actor", "verb", "timestamp", "stored", "authority", "version"):
        assert left[name] == FULL[name]
    assert left["object"] == BARE
    assert left["result"] == {"score": {"raw": 1.0}}
    assert left["context"] == {
        "registration": FULL["context"]["registration"],
        "instructor": ANN,
        "platform": "Slack",
        "contextActivities": {"parent": [BARE], "grouping": BARE},
    }


AGENT, GROUP = {"objectType": "Agent", **ANN}, {"objectType": "Group", "member": [ANN]}
OF_AN_ACTIVITY: dict[str, Any] = {"revision": "2", "platform": "Slack"}
TEXTLESS: dict[str, Any] = {
    "actor": AGENT,
    "verb": FULL["verb"],
    "object": {"objectType": "Activity", **BARE},
    "result": {"score": {"scaled": 0.5}, "success": True, "completion": False, "duration": "PT1M"},
    "context": {
        "registration": FULL["context"]["registration"],
        "instructor": ANN,
        "team": GROUP,
        "contextActivities": {"parent": [BARE], "grouping": [BARE], "category": [BARE], "other": [BARE]},
        "contextAgents": [{"objectType": "contextAgent", "agent": AGENT, "relevantTypes": ["https://example.org/r"]}],
        "contextGroups": [{"objectType": "contextGroup", "group": GROUP}],
        "language": "en",
        "statement": {"objectType": "StatementRef", "id": FULL["id"]},
    },
    "timestamp": FULL["timestamp"],
}


@pytest.mark.parametrize("in_a_substatement", [False, True])
def test_whatever_is_no_text_stays(*, in_a_substatement: bool) -> None:
    door = {"id": FULL["id"], "stored": FULL["stored"], "authority": AGENT, "version": "2.0.0"}
    full = {**TEXTLESS, "context": {**TEXTLESS["context"], **OF_AN_ACTIVITY}}
    whole = {**TEXTLESS, "object": {"objectType": "SubStatement", **full}, **door} if in_a_substatement else {**full, **door}

    left = redact(orjson.dumps(whole))

    validate(whole, Version.V2_0_0)
    assert orjson.loads(left) == whole


@pytest.mark.parametrize(
    "thing",
    [
        {"objectType": "Agent", **ANN},
        {"objectType": "StatementRef", "id": FULL["id"]},
        {"objectType": "SubStatement", "actor": ANN, "verb": FULL["verb"], "object": THING, "result": {"response": SECRET}},
    ],
)
def test_every_kind_of_object_stays_valid(thing: dict[str, Any]) -> None:
    left = redacted(object=thing, context={})

    validate(left, Version.V1_0_3)
    assert SECRET not in str(left)


def test_an_object_of_which_nothing_stays_goes_with_its_text() -> None:
    left = redacted(result={"response": SECRET}, object={"id": "https://example.org/1", "definition": {"name": {"en": SECRET}}})

    assert "result" not in left
    assert left["object"] == {"id": "https://example.org/1"}


def test_what_stays_keeps_its_bytes() -> None:
    raw = rb'{ "result" : {"score": {"raw" :1.00e0} , "response":"a"}, "verb":{"id":"https:\/\/example.org\/\u0076"}}'

    left = redact(raw)

    assert rb'{"raw" :1.00e0}' in left
    assert rb'{"id":"https:\/\/example.org\/\u0076"}' in left


json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@given(response=st.text(), extensions=st.dictionaries(st.text(max_size=20), json, max_size=3), indent=st.booleans())
def test_redacting_twice_is_redacting_once(response: str, extensions: dict[str, Any], indent: bool) -> None:  # noqa: FBT001  drawn
    statement = {**FULL, "result": {"response": response, "success": True, "extensions": extensions}}
    raw = orjson.dumps(statement, option=orjson.OPT_INDENT_2 if indent else None)

    once = redact(raw)

    assert redact(once) == once
    assert orjson.loads(once)["result"] == {"success": True}

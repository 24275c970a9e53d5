from __future__ import annotations

import json
from typing import Any

import pytest

from shared.xapi.guard import Limits, parse
from shared.xapi.model import VOIDED, Version
from shared.xapi.validation import Invalid, statements, validate
from tests.unit.xapi.examples import ACCOUNT, AGENT, GROUP, REMOVED, STATEMENT, SUBSTATEMENT, UUID, changed

both = pytest.mark.parametrize("version", list(Version))
LEAST = {"actor": {"mbox": "mailto:a@b.org"}, "verb": {"id": "http://x.org/v"}, "object": {"id": "http://x.org/o"}}
NO_ACTIVITY = changed("/context", {"registration": UUID})
DEFINITION = "/object/definition"


def interaction(kind: str, **lists: list[str]) -> dict[str, Any]:
    return {"interactionType": kind, **{name: [{"id": identifier} for identifier in ids] for name, ids in lists.items()}}


ACCEPTED = [
    ("2.2 the least", LEAST),
    ("2.2 everything", STATEMENT),
    ("2.2 keys in another order", dict(reversed(STATEMENT.items()))),
    ("2.4.1 id in upper case", changed("/id", UUID.upper())),
    ("2.4.2.1 agent without objectType", changed("/actor", {"mbox_sha1sum": "EBD31E95054C018B10727CCFFD2EF2EC3A016EE9"})),
    ("2.4.2.1 openid", changed("/actor", {"openid": "https://id.example.org/ada"})),
    ("2.4.2.2 anonymous group", changed("/actor", GROUP)),
    ("2.4.2.2 identified group without members", changed("/actor", {"objectType": "Group", **ACCOUNT})),
    ("2.4.2.2 identified group with members", changed("/actor", {**GROUP, **ACCOUNT})),
    ("2.4.2.3 mbox beyond ASCII", changed("/actor/mbox", "mailto:rené@bücher.example")),
    ("2.4.2.3 mbox with a tag", changed("/actor/mbox", "mailto:o'neil.x+y=z@sub.example.co")),
    ("2.4.2.4 account name with NUL", changed("/actor", {"account": {"homePage": "https://a.org", "name": "a\0b"}})),
    ("2.4.3 verb beyond ASCII", changed("/verb/id", "http://example.com/فعل/خواندن")),
    ("2.4.3 verb with a fragment", changed("/verb/id", "http://example.com/xapi/verbs#defenestrated")),
    ("2.4.3.2 voiding", {**NO_ACTIVITY, "verb": {"id": VOIDED}, "object": {"objectType": "StatementRef", "id": UUID}}),
    ("2.4.4.1 urn", changed("/object/id", "urn:isbn:0451450523")),
    ("2.4.4.1 true-false", changed(DEFINITION, interaction("true-false"))),
    ("2.4.4.1 choice", changed(DEFINITION, interaction("choice", choices=["a", "b"]))),
    ("2.4.4.1 choice without choices", changed(DEFINITION, interaction("choice"))),
    ("2.4.4.1 sequencing", changed(DEFINITION, interaction("sequencing", choices=["a"]))),
    ("2.4.4.1 likert", changed(DEFINITION, interaction("likert", scale=["a"]))),
    ("2.4.4.1 matching", changed(DEFINITION, interaction("matching", source=["a"], target=["a"]))),
    ("2.4.4.1 performance", changed(DEFINITION, interaction("performance", steps=["a"]))),
    ("2.4.4.1 no correct answer", changed(f"{DEFINITION}/correctResponsesPattern", [])),
    ("2.4.4.2 an agent", {**NO_ACTIVITY, "object": AGENT}),
    ("2.4.4.2 a group", {**NO_ACTIVITY, "object": GROUP}),
    ("2.4.4.3 a SubStatement", {**NO_ACTIVITY, "object": SUBSTATEMENT}),
    ("2.4.4.3 a SubStatement on an agent", {**LEAST, "object": {**LEAST, "objectType": "SubStatement", "object": AGENT}}),
    ("2.4.5.1 the bounds", changed("/result/score", {"scaled": -1, "raw": 10, "min": -5.5, "max": 10})),
    ("2.4.5.1 raw alone", changed("/result/score", {"raw": 1e30})),
    ("2.4.5.1 raw beyond 64 bits", changed("/result/score", {"raw": 10**25, "max": 10**25})),
    ("2.4.6 a group instructs", changed("/context/instructor", GROUP)),
    ("2.4.6.2 one activity, no list", changed("/context/contextActivities/parent", {"id": "http://x.org/o"})),
    ("2.4.7 far in the future", changed("/timestamp", "9999-01-01T00:00:00Z")),
    ("2.4.9 an application and a user", changed("/authority", {"objectType": "Group", "member": [ACCOUNT, AGENT]})),
    ("2.4.10 1.0", changed("/version", "1.0")),
    ("2.4.10 1.0.9", changed("/version", "1.0.9")),
    ("2.4.11 no attachments", changed("/attachments", [])),
    ("2.4.11 no fileUrl", changed("/attachments/0/fileUrl", REMOVED)),
    ("2.4.11 sha-512", changed("/attachments/0/sha2", "0" * 128)),
    ("4.1 null in an extension", changed("/result/extensions", {"act:x": None})),
    ("4.2 an empty map", changed("/verb/display", {})),
    ("4.5 leap second", changed("/timestamp", "2016-12-31T23:59:60Z")),
    ("4.5 with an offset", changed("/timestamp", "2008-09-15T15:53:00.601+00:00")),
    ("4.6 finer than 0.01 s", changed("/result/duration", "P1DT12H36M0.12567S")),
]
TAGS = ["en", "en-US", "zh-cmn-Hans-CN", "sl-rozaj-biske", "de-1996", "es-419", "x-a-b", "en-u-co-phonebk", "I-DEFAULT", "ast"]
NO_TAGS = ["", "e", "en_US", "en-", "-en", "a12345678", "en-123456789", "en-a", "x", "1a", "en us", "en\n"]
DURATIONS = ["PT0S", "P1Y", "P1Y2M3DT4H5M6S", "P4W", "P0.5W", "PT1.5H", "PT1H0M0.1S", "PT16559,14S", "P1DT1S"]
NO_DURATIONS = [
    "",
    "P",
    "PT",
    "P1DT",
    "P4W1D",
    "1D",
    "PA1H0M0S",
    "P1.5DT1H",
    "PT1S1M",
    "P-1D",
    "-P1D",
    "P1",
    "PT1.S",
    "p1d",
    "P\u0661D",
]


@both
@pytest.mark.parametrize("statement", [case[1] for case in ACCEPTED], ids=[case[0] for case in ACCEPTED])
def test_a_statement_as_specified_is_accepted(version: Version, statement: dict[str, Any]) -> None:
    raw = json.dumps(statement).encode()

    parsed = parse(raw, Limits())

    assert statements(parsed, version) == (statement,)


@both
@pytest.mark.parametrize("tag", TAGS)
def test_a_well_formed_language_tag_is_accepted(version: Version, tag: str) -> None:
    validate(changed("/verb/display", {tag: "x"}), version)
    validate(changed("/context/language", tag), version)


@both
@pytest.mark.parametrize("tag", NO_TAGS)
def test_another_language_tag_is_refused(version: Version, tag: str) -> None:
    with pytest.raises(Invalid):
        validate(changed("/verb/display", {tag: "x"}), version)
    with pytest.raises(Invalid):
        validate(changed("/context/language", tag), version)


@both
@pytest.mark.parametrize("duration", DURATIONS)
def test_a_duration_of_iso_8601_is_accepted(version: Version, duration: str) -> None:
    validate(changed("/result/duration", duration), version)


@both
@pytest.mark.parametrize("duration", NO_DURATIONS)
def test_another_duration_is_refused(version: Version, duration: str) -> None:
    with pytest.raises(Invalid):
        validate(changed("/result/duration", duration), version)


def test_version_2_0_0_has_context_agents_and_groups_with_roles() -> None:
    roles = ["https://example.org/role/mentor"]
    context = {
        "contextAgents": [{"objectType": "contextAgent", "agent": AGENT, "relevantTypes": roles}],
        "contextGroups": [{"objectType": "contextGroup", "group": GROUP}],
    }

    validate(changed("/context", context), Version.V2_0_0)
    validate({**NO_ACTIVITY, "object": {**SUBSTATEMENT, "context": context}}, Version.V2_0_0)


def test_version_2_0_0_takes_statements_of_both_versions() -> None:
    for written in ("2.0.0", "2.0", "2.0.1", "1.0.3"):
        validate(changed("/version", written), Version.V2_0_0)


@both
def test_a_list_of_statements_is_accepted_and_so_is_an_empty_one(version: Version) -> None:
    assert statements([LEAST, LEAST, STATEMENT], version) == (LEAST, LEAST, STATEMENT)
    assert statements([], version) == ()

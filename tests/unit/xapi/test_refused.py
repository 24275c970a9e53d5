from __future__ import annotations

from time import process_time
from typing import Any

import pytest

from shared.xapi.model import VOIDED, Version
from shared.xapi.rules import RULES
from shared.xapi.schema import INTERACTIONS
from shared.xapi.validation import Invalid, validate
from tests.unit.xapi.examples import ACTIVITY, AGENT, GROUP, REMOVED, STATEMENT, SUBSTATEMENT, UUID, changed
from tests.unit.xapi.refusals import CASES, IN_A_SUBSTATEMENT, IRI, MISSING, REF, UNKNOWN, Case

both = pytest.mark.parametrize("version", list(Version))
SUB = changed("/context", REMOVED, changed("/object", SUBSTATEMENT))


def violations(statement: Any, version: Version) -> set[tuple[str, str]]:
    with pytest.raises(Invalid) as caught:
        validate(statement, version)
    assert all(error.message.startswith(RULES[error.rule]) for error in caught.value.errors)
    return {(error.pointer, error.rule) for error in caught.value.errors}


@both
@pytest.mark.parametrize("case", CASES, ids=[case.section for case in CASES])
def test_a_statement_against_the_specification_is_refused_at_the_place(version: Version, case: Case) -> None:
    statement = changed(case.at, case.value)

    assert (case.place, case.rule) in violations(statement, version)


@both
@pytest.mark.parametrize("case", IN_A_SUBSTATEMENT, ids=[case.section for case in IN_A_SUBSTATEMENT])
def test_a_substatement_against_the_specification_is_refused_at_the_place(version: Version, case: Case) -> None:
    statement = changed(case.at, case.value, SUB)

    assert (case.place, case.rule) in violations(statement, version)


THING = "https://example.org/i"
LEAST = {"actor": AGENT, "verb": {"id": "https://example.org/did"}, "object": {"id": ACTIVITY["id"]}}
TWINS = {"id": "https://example.org/i", "definition": {"interactionType": "choice", "choices": [{"id": "a"}, {"id": "a"}]}}
INEXACT = {"usageType": THING, "display": {"en": "x"}, "contentType": "text/plain", "length": 12.0, "sha2": "0f" * 32}


@both
@pytest.mark.parametrize(
    ("more", "place", "rule"),
    [
        ({"object": TWINS}, "/object/definition/choices/1/id", "interaction-component-ids"),
        (
            {"context": {"contextActivities": {"other": [{"id": THING}, TWINS]}}},
            "/context/contextActivities/other/1/definition/choices/1/id",
            "interaction-component-ids",
        ),
        ({"verb": {"id": VOIDED}}, "/object", "voiding-object"),
        ({"attachments": [{**INEXACT, "fileUrl": THING}]}, "/attachments/0/length", "attachment-length"),
        ({"timestamp": "2026-02-29T12:00:00Z"}, "/timestamp", "timestamp"),
        ({"stored": "2026-02-29T12:00:00Z"}, "/stored", "timestamp"),
        ({"result": {"score": {"min": 1, "max": 1}}}, "/result/score/min", "score-min-max"),
        ({"result": {"score": {"raw": 0.9, "min": 1}}}, "/result/score/raw", "score-raw"),
        ({"result": {"score": {"raw": 1.1, "max": 1}}}, "/result/score/raw", "score-raw"),
        ({"object": AGENT, "context": {"platform": "x"}}, "/context/platform", "context-activity-only"),
        (
            {"object": {"objectType": "SubStatement", **LEAST, "timestamp": "2026-02-29T12:00:00Z"}},
            "/object/timestamp",
            "timestamp",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.startswith("/") else "",
)
def test_what_breaks_one_rule_and_is_plain_otherwise_is_refused(
    version: Version, more: dict[str, Any], place: str, rule: str
) -> None:
    assert violations({**LEAST, **more}, version) == {(place, rule)}


def test_data_2_4_6_2_an_activity_that_stands_alone_is_looked_at_as_one_of_a_list() -> None:
    statement = {**LEAST, "context": {"contextActivities": {"parent": TWINS}}}

    found = violations(statement, Version.V1_0_3)

    assert found == {("/context/contextActivities/parent/definition/choices/1/id", "interaction-component-ids")}


@both
@pytest.mark.parametrize(
    "more",
    [
        {"result": {"score": {"raw": 1, "min": 1, "max": 2}}},
        {"result": {"score": {"raw": 2, "min": 1, "max": 2}}},
        {"result": {"score": {"raw": -5}}},
        {"result": {"success": True}},
        {"timestamp": "2024-02-29T12:00:00Z"},
        {"object": {"id": THING, "definition": {"interactionType": "choice", "choices": [{"id": "a"}, {"id": "b"}]}}},
        {"context": {"contextActivities": {"other": [{"id": THING, "definition": {"type": THING}}, {"id": THING}]}}},
        {"context": {"registration": UUID}},
        {"object": {"objectType": "Activity", "id": THING}},
        {"object": AGENT, "context": {"language": "en"}},
        {"verb": {"id": VOIDED}, "object": {"objectType": "StatementRef", "id": UUID}},
    ],
)
def test_what_comes_near_to_breaking_a_rule_is_accepted(version: Version, more: dict[str, Any]) -> None:
    validate({**LEAST, **more}, version)


@pytest.mark.parametrize(
    ("at", "value", "told"),
    [
        ("/actor/objectType", "group", "The objectType is not one that is allowed here; it should be Agent or Group."),
        ("/actor/name", ["Ada"], "The value has the wrong JSON type; it should be string."),
        (
            "/object/objectType",
            "activity",
            "The objectType is not one that is allowed here; it should be Activity, Agent, Group, StatementRef or SubStatement.",
        ),
        (
            "/context/contextActivities/parent",
            [{**ACTIVITY, "objectType": "GroupActivity"}],
            "The objectType is not one that is allowed here; it should be Activity.",
        ),
        ("/result/success", "False", "The value has the wrong JSON type; it should be boolean."),
        (
            "/object/definition/interactionType",
            "compound",
            f"{RULES['interaction-type']}; it should be {', '.join(INTERACTIONS[:-1])} or {INTERACTIONS[-1]}.",
        ),
    ],
)
def test_a_refusal_tells_what_it_should_be(at: str, value: Any, told: str) -> None:
    with pytest.raises(Invalid) as caught:
        validate(changed(at, value), Version.V1_0_3)

    assert told in [error.message for error in caught.value.errors]


@both
@pytest.mark.parametrize("name", ["revision", "platform"])
@pytest.mark.parametrize("target", [REF, AGENT, GROUP, SUBSTATEMENT], ids=lambda target: target["objectType"])
def test_revision_and_platform_are_refused_when_the_object_is_no_activity(
    version: Version, name: str, target: dict[str, Any]
) -> None:
    statement = changed("/object", target)

    assert (f"/context/{name}", "context-activity-only") in violations(statement, version)


def test_version_1_0_3_has_no_context_agents_and_groups() -> None:
    for name in ("contextAgents", "contextGroups"):
        statement = changed(f"/context/{name}", [])

        assert violations(statement, Version.V1_0_3) == {(f"/context/{name}", UNKNOWN)}


@pytest.mark.parametrize(
    ("kind", "who", "wrong", "rule", "pointer"),
    [
        ("contextAgent", AGENT, {"objectType": "agent"}, "object-type", "/objectType"),
        ("contextAgent", AGENT, {"objectType": REMOVED}, MISSING, ""),
        ("contextAgent", AGENT, {"agent": REMOVED}, MISSING, ""),
        ("contextAgent", AGENT, {"name": "Ada"}, UNKNOWN, "/name"),
        ("contextAgent", AGENT, {"agent": GROUP}, "object-type", "/agent/objectType"),
        ("contextAgent", AGENT, {"agent": {}}, "actor-one-ifi", "/agent"),
        ("contextAgent", AGENT, {"relevantTypes": []}, "relevant-types", "/relevantTypes"),
        ("contextAgent", AGENT, {"relevantTypes": ["abc"]}, IRI, "/relevantTypes/0"),
        ("contextGroup", GROUP, {"objectType": "contextAgent"}, "object-type", "/objectType"),
        ("contextGroup", GROUP, {"objectType": REMOVED}, MISSING, ""),
        ("contextGroup", GROUP, {"group": REMOVED}, MISSING, ""),
        ("contextGroup", GROUP, {"relevantTypes": ["abc"]}, IRI, "/relevantTypes/0"),
        ("contextGroup", GROUP, {"group": AGENT}, "object-type", "/group/objectType"),
        ("contextGroup", GROUP, {"relevantTypes": []}, "relevant-types", "/relevantTypes"),
        ("contextGroup", GROUP, {"member": []}, UNKNOWN, "/member"),
    ],
)
def test_version_2_0_0_refuses_wrong_context_agents_and_groups(kind: str, who: Any, wrong: Any, rule: str, pointer: str) -> None:
    item = {"objectType": kind, kind.removeprefix("context").lower(): who, **wrong}
    statement = changed(f"/context/{kind}s", [{name: value for name, value in item.items() if value is not REMOVED}])

    assert (f"/context/{kind}s/0{pointer}", rule) in violations(statement, Version.V2_0_0)


def test_version_2_0_0_refuses_times_outside_rfc_3339_that_1_0_3_takes() -> None:
    for time in ("2025-03-01T10:00:00", "20250301T100000Z", "2025-03-01T10:00Z", "2025-03-01T10:00:00+01"):
        statement = changed("/timestamp", time)

        validate(statement, Version.V1_0_3)
        assert violations(statement, Version.V2_0_0) == {("/timestamp", "timestamp")}


def test_version_1_0_3_refuses_statements_that_say_they_are_2_0_0() -> None:
    assert violations(changed("/version", "2.0.0"), Version.V1_0_3) == {("/version", "version")}


@both
def test_several_violations_are_told_with_the_index_of_their_statement(version: Version) -> None:
    wrong = changed("/verb/id", "x", changed("/actor", {}, changed("/zzz", 1)))

    found = violations([STATEMENT, changed("/id", UUID[::-1]), wrong], version)

    assert found >= {("/2/verb/id", IRI), ("/2/actor", "actor-one-ifi"), ("/2/zzz", UNKNOWN)}


@both
def test_at_most_twenty_violations_are_told_and_no_long_input_is_repeated(version: Version) -> None:
    with pytest.raises(Invalid) as caught:
        validate(changed("/" + "k" * 9000, 1, {**STATEMENT, **{f"{index}{'x' * 99}": 1 for index in range(50)}}), version)

    assert len(caught.value.errors) == 20
    assert len(str(caught.value)) < 6000


@both
def test_two_statements_of_one_request_cannot_have_the_same_id(version: Version) -> None:
    found = violations([STATEMENT, changed("/id", UUID.upper())], version)

    assert found == {("/1/id", "repeated-id")}


@both
@pytest.mark.parametrize("value", [None, 1, "x", True])
def test_what_is_no_object_is_no_statement(version: Version, value: Any) -> None:
    assert violations(value, version) == {("", "statement-or-list")}
    assert violations([STATEMENT, value], version) == {("/1", "statement-or-list")}


@both
def test_of_a_very_large_statement_the_first_violation_is_told(version: Version) -> None:
    statement = changed("/actor", {"objectType": "Group", "member": [{}] * 100_000})

    assert violations(statement, version) == {("/actor/member/0", "actor-one-ifi")}


def test_an_activity_is_refused_alike_in_every_place() -> None:
    wrong = {**ACTIVITY, "id": "x"}

    for at in ("/object", "/context/contextActivities/category", "/context/contextActivities/grouping/0"):
        assert violations(changed(at, wrong), Version.V2_0_0) == {(f"{at}/id", IRI)}


def test_many_activities_of_a_context_are_checked_in_a_time_that_grows_with_their_number() -> None:
    definition = {"type": "http://adlnet.gov/expapi/activities/cmi.interaction", "interactionType": "other"}
    twice = {"interactionType": "choice", "choices": [{"id": "a"}, {"id": "a"}]}
    activities = [{"id": f"https://example.org/{number}", "definition": definition} for number in range(10_000)]
    last = {"id": "https://example.org/last", "definition": {**definition, **twice}}
    statement = changed("/context/contextActivities", {"other": [*activities, last]})

    begun = process_time()
    refused = violations(statement, Version.V1_0_3)

    assert process_time() - begun < 3.0
    place = "/context/contextActivities/other/10000/definition/choices/1/id"
    assert refused == {(place, "interaction-component-ids")}

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest

from shared.xapi import canonical
from shared.xapi.guard import Limits, parse
from tests.unit.xapi.examples import ACTIVITY, AGENT, GROUP, REMOVED, STATEMENT, SUBSTATEMENT, changed
from tests.unit.xapi.examples import UUID as ID

RAW = json.dumps(STATEMENT, indent=2).encode()
KEPT: list[tuple[dict[str, Any], str]] = [
    (STATEMENT, "f808fe9f03ea21b1"),
    (changed("/object", SUBSTATEMENT), "327419ddd9e3df7a"),
    (changed("/actor", GROUP), "a143b47a89dc55e3"),
    (changed("/actor/mbox", "mailto:Ada@Example.ORG"), "f208e7d35c6e2f66"),
    (changed("/timestamp", "2026-03-02T13:00:00.120+01:00"), "51f4c226705385cc"),
    (changed("/result", {"duration": "PT1.239S", "score": {"raw": 3.0, "max": 10**20}, "response": "\0"}), "4200a469c120daeb"),
    (changed("/context/contextGroups", [{"objectType": "contextGroup", "group": GROUP}]), "63a2a44c60461676"),
]
"""Statements, and the digests (16 digits of them) by which installations know them again."""


def test_the_order_of_members_does_not_change_a_digest_anywhere() -> None:
    turned = {**GROUP, "member": GROUP["member"][::-1]}
    for at in ("/actor", "/object", "/context/team", "/context/instructor"):
        assert canonical.digest(changed(at, GROUP)) == canonical.digest(changed(at, turned))

    inner = {**SUBSTATEMENT, "actor": GROUP}
    assert canonical.digest(changed("/object", inner)) == canonical.digest(changed("/object", {**inner, "actor": turned}))
    listed = [{"objectType": "contextGroup", "group": group} for group in (GROUP, turned)]
    assert canonical.digest(changed("/context/contextGroups", listed)) == canonical.digest(
        changed("/context/contextGroups", listed[::-1])
    )


def test_the_order_of_any_other_list_changes_a_digest() -> None:
    listed = [ACTIVITY, {"id": "https://example.org/other"}]
    related = changed("/context/contextActivities", {"parent": listed})
    turned = changed("/context/contextActivities", {"parent": listed[::-1]})

    assert canonical.digest(turned) != canonical.digest(related)


def test_what_an_lrs_sets_does_not_change_a_digest() -> None:
    for name in ("stored", "authority", "version"):
        without = {key: value for key, value in STATEMENT.items() if key != name}
        assert canonical.digest(without) == canonical.digest(STATEMENT)
    for name in ("id", "timestamp"):
        without = {key: value for key, value in STATEMENT.items() if key != name}
        assert canonical.digest(without) != canonical.digest(STATEMENT)


def test_what_is_said_of_verbs_and_activities_is_no_part_of_a_statement() -> None:
    def same(at: str, value: Any) -> bool:
        within = {**STATEMENT, "object": SUBSTATEMENT}
        own = canonical.digest(changed(at, value)) == canonical.digest(STATEMENT)
        return own and canonical.digest(changed(f"/object{at}", value, within)) == canonical.digest(within)

    assert same("/verb/display", REMOVED)
    assert same("/verb/display", {"en": "another word"})
    for activity in ("/object", "/context/contextActivities/grouping/0"):
        assert same(f"{activity}/definition", REMOVED)
        assert same(f"{activity}/definition/name", {"en": "another title"})
        assert not same(f"{activity}/id", "https://example.org/other")
    assert not same("/verb/id", "https://example.org/other")


@pytest.mark.parametrize("at", ["/timestamp", "/object/timestamp"])
def test_a_time_is_the_same_moment_however_it_is_written(at: str) -> None:
    def of(written: str) -> bytes:
        return canonical.digest(changed(at, written, {**STATEMENT, "object": SUBSTATEMENT}))

    same = ("2025-03-01T10:00:00.1Z", "2025-03-01T10:00:00.100Z", "2025-03-01T12:00:00.1+02:00", "20250301T100000,10")
    assert len({of(written) for written in same}) == 1
    assert len({of(written) for written in (same[0], "2025-03-01T10:00:00Z", "2025-03-01T10:00:00.1+02:00")}) == 3
    assert of("2025-03-01T10:00:00.0Z") == of("2025-03-01T10:00:00Z") != of("2025-03-01T10:00:10Z")


def test_the_domain_of_an_mbox_has_no_case() -> None:
    one, same, other = ({"mbox": f"mailto:{name}"} for name in ("Ada@Example.ORG", "Ada@example.org", "ada@example.org"))
    in_group = {"objectType": "Group", "member": [one]}

    assert canonical.digest(changed("/actor", one)) == canonical.digest(changed("/actor", same))
    assert canonical.digest(changed("/actor", one)) != canonical.digest(changed("/actor", other))
    assert canonical.digest(changed("/actor", in_group)) == canonical.digest(changed("/actor", {**in_group, "member": [same]}))
    agents = [changed("/context/contextAgents", [{"objectType": "contextAgent", "agent": each}]) for each in (one, same)]
    assert canonical.digest(agents[0]) == canonical.digest(agents[1])


def test_a_context_activity_alone_is_a_list_of_one() -> None:
    alone, listed = changed("/context/contextActivities", {"parent": ACTIVITY}), [ACTIVITY]

    assert canonical.digest(alone) == canonical.digest(changed("/context/contextActivities", {"parent": listed}))
    assert canonical.digest(alone) != canonical.digest(changed("/context/contextActivities", {"parent": [*listed, *listed]}))
    assert canonical.digest(alone) != canonical.digest(changed("/context/contextActivities", {"grouping": listed}))


def test_durations_are_compared_to_hundredths_of_seconds() -> None:
    def of(duration: str) -> bytes:
        return canonical.digest(changed("/result/duration", duration))

    assert of("PT4H35M59.14S") == of("PT4H35M59.149S") == of("PT4H35M59.14000S")
    assert of("PT59,14S") == of("PT59,147S")
    assert len({of(each) for each in ("PT59.14S", "PT59.15S", "PT59.1S", "PT59S", "P1DT59.14S", "PT59.147M")}) == 6


@pytest.mark.parametrize(
    "at",
    [
        "/actor",
        "/actor/member/0",
        "/object",
        "/object/actor",
        "/object/object",
        "/object/context/instructor",
        "/context/instructor",
        "/context/team/member/0",
        "/context/contextActivities/grouping/0",
        "/context/contextActivities/category",
        "/context/contextAgents/0/agent",
        "/context/contextGroups/0/group/member/0",
    ],
)
def test_the_type_of_an_agent_or_activity_goes_without_saying(at: str) -> None:
    base = changed("/actor", GROUP) if "member" in at else STATEMENT
    base = changed("/object", SUBSTATEMENT, base) if "/object/" in at else base
    base = changed("/context/contextAgents", [{"objectType": "contextAgent", "agent": AGENT}], base)
    base = changed("/context/contextGroups", [{"objectType": "contextGroup", "group": GROUP}], base)
    thing = "Activity" if "Activities" in at or at.endswith("/object") else "Agent"

    said, unsaid = (
        changed(f"{at}/objectType", thing, base),
        changed(f"{at}/objectType", REMOVED, changed(f"{at}/objectType", thing, base)),
    )

    assert canonical.digest(said) != canonical.digest(unsaid)
    assert canonical.digest(canonical.without_default_types(said)) == canonical.digest(canonical.without_default_types(unsaid))


@pytest.mark.parametrize("target", [AGENT, {"objectType": "StatementRef", "id": ID}])
def test_the_type_of_an_object_that_is_no_activity_is_said(target: dict[str, Any]) -> None:
    assert canonical.without_default_types(changed("/object", target))["object"] == target


@pytest.mark.parametrize(("statement", "kept"), KEPT, ids=[kept for _, kept in KEPT])
def test_digests_that_installations_keep_stay_what_they_are(statement: dict[str, Any], kept: str) -> None:
    assert canonical.digest(statement).hex()[:16] == kept, "what was recorded before would be a conflict whenever it comes again"


def test_ids_from_content_stay_what_they_are() -> None:
    unnamed = {name: value for name, value in STATEMENT.items() if name != "id"}

    assert canonical.content_id("moodle", unnamed) == "43f10719-4dd2-580c-9c41-207eb62de51d"


def test_numbers_are_written_in_another_way() -> None:
    one = changed(
        "/result", {"score": {"raw": 3.0, "scaled": 0.5, "min": 0}, "extensions": {"https://a.example": [{"x": 1e3}, 2.0**60]}}
    )

    whole, decimal = canonical.with_whole_numbers(one), canonical.with_decimal_score(one)

    assert json.dumps(whole["result"]["score"]) == '{"raw": 3, "scaled": 0.5, "min": 0}'
    assert json.dumps(whole["result"]["extensions"]) == '{"https://a.example": [{"x": 1000}, 1.152921504606847e+18]}'
    assert json.dumps(decimal["result"]["score"]) == '{"raw": 3.0, "scaled": 0.5, "min": 0.0}'
    assert canonical.with_whole_numbers(whole) is whole
    assert canonical.with_decimal_score(decimal) is decimal


def test_whole_numbers_beyond_64_bits_count_digit_by_digit() -> None:
    one, same, other = (
        canonical.digest(parse(text % {b"n": number}, Limits()))
        for text, number in (
            (b'{"object":{},"actor":{},"n":%(n)b}', b"1" * 40),
            (b'{ "n" : %(n)b, "actor":{},"object":{} }', b"1" * 40),
            (b'{"object":{},"actor":{},"n":%(n)b}', b"1" * 39 + b"2"),
        )
    )

    assert one == same != other


def test_a_content_id_is_a_uuid_of_the_credential_and_the_content() -> None:
    identifier = canonical.content_id("moodle", STATEMENT)

    assert UUID(identifier).version == 5
    assert identifier == canonical.content_id("moodle", json.loads(RAW))
    assert identifier != canonical.content_id("canvas", STATEMENT)
    assert identifier != canonical.content_id("moodle", changed("/result/success", value=False))


def test_what_is_spliced_in_stands_at_the_top_and_the_rest_is_untouched() -> None:
    raw = b' {"actor" : {"name":"\\u0000 \\/"}, "n":1e2 }\n'

    spliced = canonical.splice(raw, id="x", authority=AGENT)

    assert (
        spliced
        == b'{"actor" : {"name":"\\u0000 \\/"}, "n":1e2,"id":"x","authority":'
        + json.dumps(AGENT, separators=(",", ":")).encode()
        + b"}"
    )


@pytest.mark.parametrize(
    "raw",
    [
        b'{"stored":"old","a":{"stored":1},"b":"\\"stored\\":{"}',
        b'{"a":{"stored":1},"stored":["}",{"x":"]"}],"b":"\\"stored\\":{"}',
        b'{"a":{"stored":1},"b":"\\"stored\\":{","stored":null}',
        b'{ "a":{"stored":1} , "st\\u006fred" : -1.5e3 , "b":"\\"stored\\":{" }',
    ],
    ids=["first", "between", "last", "spelled with an escape"],
)
def test_a_member_that_the_client_sent_is_replaced_and_only_at_the_top(raw: bytes) -> None:
    spliced = canonical.splice(raw, stored="new")

    assert parse(spliced, Limits()) == {"a": {"stored": 1}, "b": '"stored":{', "stored": "new"}
    assert b'"a":{"stored":1}' in spliced
    assert canonical.cut(raw, "stored").count(b"stored") == 2


def test_an_only_member_is_replaced_and_an_empty_object_filled() -> None:
    assert canonical.splice(b' {"id":"a"} ', id="b") == b'{"id":"b"}'
    assert canonical.splice(b"{ }", id="b") == b'{"id":"b"}'
    assert canonical.splice(b" {} ") == b"{}"
    assert canonical.cut(b'{"a":1}', "b") == b'{"a":1}'


def test_a_list_is_split_and_one_statement_is_a_list_of_one() -> None:
    assert canonical.split(b' [ {"a": [1, 2] } ,\n{} ] ') == [b'{"a": [1, 2] }', b"{}"]
    assert canonical.split(b' {"a":1} ') == [b'{"a":1}']
    assert canonical.split(b"[]") == []
    assert canonical.split(b"[" + RAW + b"," + RAW + b"]") == [RAW, RAW]

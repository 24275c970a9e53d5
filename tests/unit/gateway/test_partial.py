"""`partial=true`: the good statements of a request are admitted, the others told by index."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.gateway.domain.admission import TooMany, Writing, admit
from services.gateway.domain.credential import Credential, KeyId, Scope
from services.gateway.domain.enclosed import Enclosed, Sha2
from services.gateway.domain.parameters import BadParameter
from services.gateway.domain.partial import MOST_TOLD, admit_partly, read_partial, without
from shared.xapi import guard
from shared.xapi.model import Version
from shared.xapi.validation import Invalid
from tests.support.statements import statements

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
SENDER = Credential(KeyId("a" * 16), "test", frozenset({Scope.ALL}), b'{"mbox":"mailto:lms@example.org"}', "mbox::x", ())
WRITING = Writing(Version.V1_0_3, SENDER, NOW, guard.Limits(), 20)


def statement(**changes: Any) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "actor": {"mbox": "mailto:ann@example.org"},
        "verb": {"id": "https://example.org/did"},
        "object": {"id": "https://example.org/it"},
        **changes,
    }


def hash_of(octets: bytes) -> Sha2:
    return Sha2(sha256(octets).hexdigest())


def attachment(octets: bytes) -> dict[str, Any]:
    return {
        "usageType": "https://example.org/usage",
        "display": {"en": "an attachment"},
        "contentType": "text/plain",
        "length": len(octets),
        "sha2": hash_of(octets),
    }


def enclosing(*several: bytes) -> Writing:
    enclosed = {hash_of(octets): Enclosed(part, octets, None, None) for part, octets in enumerate(several, start=1)}
    return replace(WRITING, enclosed=enclosed)


def written(value: Any) -> bytes:
    return json.dumps(value).encode()


def test_the_good_are_admitted_and_the_bad_told_by_index_pointer_rule_and_message() -> None:
    good, bad, also_good = statement(), statement(actor={"mbox": "ann"}), statement()

    partly = admit_partly(written([good, bad, also_good, 7]), WRITING)
    answer = json.loads(partly.answer())

    assert answer["ids"] == [good["id"], None, also_good["id"], None]
    assert [(each["index"], each["pointer"], each["rule"]) for each in answer["errors"]] == [
        (1, "/1/actor/mbox", "mbox"),
        (3, "/3", "statement-or-list"),
    ]
    assert all(each["message"] for each in answer["errors"])
    assert [each.id for each in partly.admitted.received.statements] == [good["id"], also_good["id"]]


def test_where_all_is_good_nothing_differs_from_a_whole_request() -> None:
    body = written([statement(), statement()])

    partly = admit_partly(body, WRITING)

    assert partly.admitted == admit(body, WRITING)
    assert json.loads(partly.answer())["errors"] == []


def test_one_statement_alone_is_a_request_of_one() -> None:
    alone = statement()

    assert json.loads(admit_partly(written(alone), WRITING).answer()) == {"ids": [alone["id"]], "errors": []}


def test_an_id_that_comes_twice_is_taken_once() -> None:
    first = statement()

    answer = json.loads(admit_partly(written([first, {**first, "id": first["id"].upper()}]), WRITING).answer())

    assert answer["ids"] == [first["id"], None]
    assert [each["rule"] for each in answer["errors"]] == ["repeated-id"]


def test_an_id_of_a_bad_statement_can_come_again_in_a_good_one() -> None:
    good = statement()

    answer = json.loads(admit_partly(written([{**good, "verb": {}}, good]), WRITING).answer())

    assert answer["ids"] == [None, good["id"]]


@pytest.mark.parametrize("body", [[statement(actor=1), {}], statement(verb=1)], ids=["a list", "one"])
def test_where_nothing_is_good_the_request_is_invalid(body: Any) -> None:
    with pytest.raises(Invalid):
        admit_partly(written(body), WRITING)


def test_no_json_and_too_many_are_refused_whole() -> None:
    with pytest.raises(guard.Malformed):
        admit_partly(b"[{]", WRITING)
    with pytest.raises(TooMany):
        admit_partly(written([statement()] * 21), WRITING)


def test_an_empty_list_is_a_request_of_none() -> None:
    assert json.loads(admit_partly(b"[]", WRITING).answer()) == {"ids": [], "errors": []}


def test_of_one_statement_a_few_violations_are_told() -> None:
    worst = statement(**{f"property {number}": 1 for number in range(9)})

    partly = admit_partly(written([worst, statement()]), WRITING)

    assert len(partly.refused) == MOST_TOLD


def test_what_conflicts_with_the_record_is_refused_in_its_place() -> None:
    first, last = statement(), statement()
    partly = admit_partly(written([first, {}, last]), WRITING)

    answer = json.loads(without(partly, {first["id"]}).answer())

    assert answer["ids"] == [None, None, last["id"]]
    assert (answer["errors"][0]["index"], answer["errors"][0]["rule"]) == (0, "conflict")
    assert sorted({each["index"] for each in answer["errors"]}) == [0, 1]
    assert [each["index"] for each in answer["errors"]] == sorted(each["index"] for each in answer["errors"])


def test_what_conflicts_with_the_record_is_left_out_of_what_is_passed_on() -> None:
    first, last = statement(attachments=[attachment(b"1")]), statement(attachments=[attachment(b"2")])
    partly = admit_partly(written([first, last]), enclosing(b"1", b"2"))

    left = without(partly, {first["id"]}).admitted

    assert (left.ids, list(left.digests)) == ((last["id"],), [last["id"]])
    assert [each.id for each in left.received.statements] == [last["id"]]
    assert [(use.statement, use.content) for use in left.uses] == [(last["id"], b"2")]
    assert left.collapsed == 0


def test_octets_that_go_with_a_bad_statement_are_no_fault_of_the_good_ones() -> None:
    good, bad = statement(attachments=[attachment(b"1")]), statement(verb={}, attachments=[attachment(b"2")])

    partly = admit_partly(written([good, bad]), enclosing(b"1", b"2"))

    assert json.loads(partly.answer())["ids"] == [good["id"], None]
    assert [use.content for use in partly.admitted.uses] == [b"1"]


def test_a_hash_in_capital_letters_names_its_octets() -> None:
    good = statement(attachments=[{**attachment(b"1"), "sha2": hash_of(b"1").upper()}])

    partly = admit_partly(written([good, {}]), enclosing(b"1"))

    assert [use.content for use in partly.admitted.uses] == [b"1"]


@pytest.mark.parametrize(("value", "read"), [(None, False), ("false", False), ("true", True)])
def test_partial_is_true_or_false(value: str | None, *, read: bool) -> None:
    assert read_partial(value) is read
    with pytest.raises(BadParameter) as refused:
        read_partial("1")
    assert refused.value.name == "partial"


good_ones = statements(Version.V1_0_3).filter(lambda each: not each.get("attachments") and "attachments" not in each["object"])
bad_ones: st.SearchStrategy[Any] = st.one_of(st.none(), st.integers(), st.just({}), st.just({"actor": []}), st.text(max_size=3))


@settings(max_examples=60)
@given(st.lists(st.tuples(st.booleans(), good_ones, bad_ones), min_size=1, max_size=6))
def test_exactly_the_good_are_taken_and_each_bad_one_is_told(drawn: list[tuple[bool, Any, Any]]) -> None:
    several = [{**good, "id": str(uuid4())} if is_good else bad for is_good, good, bad in drawn]
    expected = [each["id"] if is_good else None for (is_good, _, _), each in zip(drawn, several, strict=True)]

    try:
        answer = json.loads(admit_partly(written(several), WRITING).answer())
    except Invalid as error:
        answer = {"ids": [None] * len(several), "errors": [{"index": int(each.pointer.split("/")[1])} for each in error.errors]}

    assert answer["ids"] == expected
    assert {each["index"] for each in answer["errors"]} == {place for place, each in enumerate(expected) if each is None}

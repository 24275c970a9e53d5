"""What known senders get wrong, in samples of what they send."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.attachments.multipart import read_parts
from services.gateway.domain.quirks import (
    MOST_PARTS,
    PECULIARITIES,
    Quirk,
    actor_arrays,
    actor_arrays_in_query,
    bare_state,
    extra_parameters,
    glued_parts,
    open_edx,
    read_query,
    read_statements,
    text_plain_form,
)
from shared.xapi.model import Version
from shared.xapi.validation import validate
from tests.support.statements import values

LEGACY = {"name": ["Ann Example"], "mbox": ["mailto:ann@example.org"]}
MODERN = {"name": "Ann Example", "mbox": "mailto:ann@example.org"}
EDX = {
    "actor": {"account": {"homePage": "https://edx.example", "name": "4711"}},
    "verb": {"id": "https://w3id.org/xapi/acrossx/verbs/evaluated"},
}
COURSE = {"id": "https://edx.example/course/1", "objectType": "Activity"}


def understood_of(statements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return *statements* of Open edX as its quirk understands them, which is valid."""
    understood: list[dict[str, Any]] = json.loads(open_edx(json.dumps(statements).encode()))
    validate(understood, Version.V1_0_3)
    return understood


def test_each_quirk_says_whose_it_is_and_where_that_was_reported() -> None:
    assert set(PECULIARITIES) == set(Quirk)
    assert all(each.sender and each.sends and each.understood and each.source for each in PECULIARITIES.values())


@pytest.mark.parametrize(
    ("sent", "understood"),
    [
        ("text/plain;charset=UTF-8", "application/x-www-form-urlencoded"),
        ("Text/Plain", "application/x-www-form-urlencoded"),
        ("application/json", "application/json"),
        ("text/html", "text/html"),
    ],
)
def test_storylines_plain_text_is_a_form(sent: str, understood: str) -> None:
    assert text_plain_form(sent) == understood


@pytest.mark.parametrize(
    ("content_type", "content", "understood"),
    [
        ("application/json", b"2Z6c1a0d1c0b0a000", "application/octet-stream"),
        ("application/json; charset=utf-8", b"slide_4,slide_5", "application/octet-stream"),
        ("application/json", b"", "application/octet-stream"),
        ("application/json", b'{"slide":4}', "application/json"),
        ("application/json", b'"slide"', "application/json"),
        ("text/plain", b"slide", "text/plain"),
    ],
)
def test_captivates_unquoted_state_is_bytes(content_type: str, content: bytes, understood: str) -> None:
    assert bare_state(content_type, content) == understood


@pytest.mark.parametrize(
    ("query", "understood"),
    [
        (b"statementId=a&endpoint=https%3A%2F%2Flrs&lang=en", b"statementId=a"),
        (b"statementId=a&agent=%7B%7D", b"statementId=a&agent=%7B%7D"),
        (b"session=1", b""),
        (b"", b""),
        (b"a=%ff", b"a=%ff"),
    ],
)
def test_parameters_of_the_launch_link_are_left_out(query: bytes, understood: bytes) -> None:
    assert extra_parameters(query) == understood


def test_the_actor_of_an_old_launch_link_is_understood_in_the_query() -> None:
    query = urlencode({"activityId": "https://a.example/", "agent": json.dumps(LEGACY)}).encode()

    understood = dict(parse_qsl(actor_arrays_in_query(query).decode()))

    assert json.loads(understood["agent"]) == MODERN
    assert understood["activityId"] == "https://a.example/"


def test_an_account_of_old_is_an_account() -> None:
    legacy = {"account": [{"accountServiceHomePage": "https://a.example/", "accountName": "ann"}]}

    understood = json.loads(actor_arrays(json.dumps({"actor": legacy}).encode()))

    assert understood["actor"] == {"account": {"homePage": "https://a.example/", "name": "ann"}}


def test_only_actors_in_lists_are_touched() -> None:
    odd = b'{ "actor" : {"mbox":["mailto:a@b.org"]}, "result":{"score":{"raw":1.50}} }'
    good = b'{"actor":{"mbox":"mailto:a@b.org"} , "x":[1]}'

    understood = actor_arrays(b"[" + odd + b" , " + good + b"]")

    assert good in understood
    assert b'"raw":1.50' in understood
    assert [each["actor"] for each in json.loads(understood)] == [{"mbox": "mailto:a@b.org"}] * 2


def test_open_edxs_problem_of_several_questions_is_an_activity() -> None:
    problem = {"id": "https://edx.example/xblock/p1", "objectType": "GroupActivity"}
    question = {**problem, "id": "https://edx.example/xblock/p1#q1", "objectType": "Activity"}

    understood = understood_of(
        [
            {**EDX, "object": problem},
            {
                **EDX,
                "object": question,
                "context": {"contextActivities": {"parent": [problem], "grouping": [COURSE]}, "revision": "2"},
            },
        ]
    )

    assert understood[0]["object"] == {**problem, "objectType": "Activity"}
    assert understood[1]["context"] == {
        "contextActivities": {"parent": [{**problem, "objectType": "Activity"}], "grouping": [COURSE]},
        "revision": "2",
    }


def test_open_edxs_attempt_at_an_exam_is_named_by_its_urn() -> None:
    attempt = {"id": "0D2A1F1E-5C3B-4E0C-9A51-8B6E1D1C2F30", "definition": {"name": {"en": "Exam"}}}

    [understood] = understood_of([{**EDX, "object": COURSE, "context": {"contextActivities": {"grouping": [attempt]}}}])

    grouping = understood["context"]["contextActivities"]["grouping"]
    assert grouping == [{**attempt, "id": "urn:uuid:0d2a1f1e-5c3b-4e0c-9a51-8b6e1d1c2f30"}]


@pytest.mark.parametrize("zero", [0, 0.0])
def test_open_edxs_score_of_what_gives_no_points_says_no_min(zero: float) -> None:
    score = {"min": zero, "max": zero, "raw": zero, "scaled": zero}

    [understood] = understood_of([{**EDX, "object": COURSE, "result": {"score": score, "success": True}}])

    assert understood["result"] == {"score": {"max": zero, "raw": zero, "scaled": zero}, "success": True}


def test_what_else_open_edx_gets_wrong_is_left_to_be_refused() -> None:
    body = json.dumps(
        [
            {**EDX, "object": {"id": "0D2A1F1E-5C3B-4E0C-9A51-8B6E1D1C2F30"}},
            {**EDX, "object": COURSE, "result": {"score": {"min": 1, "max": 1}}},
            {**EDX, "object": COURSE, "result": {"score": {"min": False, "max": 0}}},
            {"object": 1, "context": {"contextActivities": [1, {"id": 2}]}, "result": {"score": None}},
            7,
        ]
    ).encode()

    assert open_edx(body) == body


GLUED = b"--b\r\n\r\n[]\r\n--b\r\n\r\none\n--b\r\n\r\ntwo\r\n--b\r\n\r\n--b\r\n\r\n\r\n--b--\r\n"


def test_each_attachment_is_parted_from_the_next_whatever_it_ends_with() -> None:
    [_, *parts] = read_parts(glued_parts(GLUED, b"b"), b"b")

    assert [part.content for part in parts] == [b"one\n", b"two\r\n", b"", b""]


def test_a_message_of_nothing_but_boundaries_is_not_taken_to_pieces_without_end() -> None:
    many = GLUED + b"--b\r\n" * (2 * MOST_PARTS)

    assert len(glued_parts(many, b"b")) < len(many) + 2 * MOST_PARTS + 2


@pytest.mark.parametrize("octets", [b"", b"--b", b"--b\r\n\r\n[]\r\n--b\r\n\r\none\r\n--b--\r\n"])
def test_one_attachment_or_none_is_left_as_it_is(octets: bytes) -> None:
    assert glued_parts(octets, b"b") == octets


@pytest.mark.parametrize("understand", [actor_arrays, open_edx])
@given(values(Version.V1_0_3))
def test_what_is_valid_stays_byte_by_byte_as_it_was(understand: Callable[[bytes], bytes], value: object) -> None:
    body = json.dumps(value).encode()

    assert understand(body) == body


@given(st.binary(max_size=100))
def test_any_bytes_are_understood_or_left_alone(junk: bytes) -> None:
    assert isinstance(actor_arrays(junk), bytes)
    assert isinstance(open_edx(junk), bytes)
    assert read_statements(junk, frozenset()) == (junk, [])
    assert read_query(junk, frozenset()) == (junk, [])
    once, _ = read_query(junk, frozenset(Quirk))
    assert read_query(once, frozenset(Quirk)) == (once, [])


@given(st.dictionaries(st.sampled_from(("statementId", "agent", "lang", "x")), st.text(max_size=8)))
def test_only_quirks_that_were_needed_count(parameters: dict[str, str]) -> None:
    query = urlencode(parameters).encode()

    _, taken = read_query(query, frozenset(Quirk))

    assert (Quirk.EXTRA_PARAMETERS in taken) == bool({"lang", "x"} & set(parameters))


def test_a_number_of_more_than_64_bits_leaves_actor_and_agent_as_they_were() -> None:
    actor = '{"mbox":["mailto:a@b.org"],"x":123456789012345678901234567890}'
    query, body = urlencode({"agent": actor}).encode(), ('{"actor":' + actor + "}").encode()

    assert (actor_arrays(body), actor_arrays_in_query(query)) == (body, query)

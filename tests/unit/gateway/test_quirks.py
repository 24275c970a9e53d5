"""What known senders get wrong, in samples of what they send."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.domain.quirks import (
    PECULIARITIES,
    Quirk,
    actor_arrays,
    actor_arrays_in_query,
    bare_state,
    extra_parameters,
    read_query,
    text_plain_form,
)
from shared.xapi.model import Version
from tests.support.statements import values

LEGACY = {"name": ["Ann Example"], "mbox": ["mailto:ann@example.org"]}
MODERN = {"name": "Ann Example", "mbox": "mailto:ann@example.org"}


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


@given(values(Version.V1_0_3))
def test_what_is_valid_stays_byte_by_byte_as_it_was(value: object) -> None:
    body = json.dumps(value).encode()

    assert actor_arrays(body) == body


@given(st.binary(max_size=100))
def test_any_bytes_are_understood_or_left_alone(junk: bytes) -> None:
    assert isinstance(actor_arrays(junk), bytes)
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

"""Answers say what is wrong and where, and repeat nothing of what was sent."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from services.gateway.domain.parameters import BadParameter, read_agent
from services.gateway.statements import refusals
from shared.http import Problem, problem_response
from shared.xapi import guard
from shared.xapi.model import Version
from shared.xapi.validation import MAX_VIOLATIONS, Invalid, validate
from tests.support.statements import statements

SECRET = "Ann Secret <ann@example.org>"
ASKED = Request({"type": "http", "headers": []})


@settings(max_examples=150)
@given(st.data())
def test_no_value_of_a_statement_is_repeated(data: st.DataObject) -> None:
    statement = data.draw(statements(Version.V1_0_3))
    spoiled = data.draw(st.sampled_from(list(leaves(statement))))
    with_secret = put(statement, spoiled, SECRET)

    refused = refusal(with_secret)

    if refused is not None:
        assert b"Secret" not in problem_response(refused, ASKED).body
        assert refused.faults
        assert "Secret" not in refusals.reason(refused)


def test_an_agent_that_cannot_be_read_is_not_repeated() -> None:
    with pytest.raises(BadParameter) as refused:
        read_agent('{"mbox": "' + SECRET + '"}')

    assert b"Secret" not in problem_response(refusals.bad_parameter(refused.value), ASKED).body


@pytest.mark.parametrize("text", [b'{"a":"Secret" "b"}', b'{"Secret', b'{"a":"\xffSecret"}', b'{"a":"Secret","a":1}'])
def test_a_body_that_is_no_json_is_not_repeated(text: bytes) -> None:
    with pytest.raises(guard.Malformed) as refused:
        guard.parse(text, guard.Limits())

    assert b"Secret" not in problem_response(refusals.malformed(refused.value), ASKED).body


def test_of_many_violations_a_number_is_told() -> None:
    with pytest.raises(Invalid) as refused:
        validate([{}] * 500, Version.V1_0_3)

    assert len(refusals.invalid(refused.value).faults) == MAX_VIOLATIONS


def refusal(statement: Any) -> Problem | None:
    """Return what the sender of *statement* is told, or None where it is valid."""
    try:
        validate(statement, Version.V1_0_3)
    except Invalid as error:
        return refusals.invalid(error)
    return None


def leaves(value: Any, at: tuple[Any, ...] = ()) -> Any:
    """Yield the paths of all values within *value*."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield (*at, key)
        yield from leaves(each, (*at, key))


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """Return a copy of *value* with *new* at *path*."""
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = put(value[path[0]], path[1:], new)
    return copy

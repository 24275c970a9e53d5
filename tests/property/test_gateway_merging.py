"""JSON merge of documents (1.0.3 Communication §2.2): properties of the outermost object, nothing deeper, nothing lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.documents.merging import check_object, is_json, merge
from shared.xapi.guard import Limits, Malformed

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=6)
OBJECTS = st.dictionaries(TEXT, VALUES, max_size=5)


def written(value: Any, *, ascii_only: bool = False) -> bytes:
    return json.dumps(value, ensure_ascii=ascii_only, indent=1).encode()


@given(OBJECTS, OBJECTS, st.booleans())
def test_each_property_that_is_posted_replaces_its_namesake(old: dict[str, Any], new: dict[str, Any], ascii_only: bool) -> None:  # noqa: FBT001  drawn
    merged = merge(written(old, ascii_only=ascii_only), written(new))

    assert json.loads(merged) == {**old, **new}


@given(OBJECTS, OBJECTS, OBJECTS)
def test_merging_is_associative(one: dict[str, Any], two: dict[str, Any], three: dict[str, Any]) -> None:
    first, second, third = map(written, (one, two, three))

    assert json.loads(merge(merge(first, second), third)) == json.loads(merge(first, merge(second, third)))


@given(OBJECTS)
def test_merging_twice_changes_nothing_more(value: dict[str, Any]) -> None:
    once = merge(b"{}", written(value))

    assert merge(once, written(value)) == once


def test_values_keep_their_bytes() -> None:
    odd = b'{"a": 1.50, "b": 123456789012345678901234567890, "c": "\\u0000\\u00e9", "d": {"e" : 1E2}}'

    merged = merge(odd, b'{"z": -0.0}')

    assert merged == b'{"a":1.50,"b":123456789012345678901234567890,"c":"\\u0000\\u00e9","d":{"e" : 1E2},"z":-0.0}'


def test_a_key_is_the_same_however_it_is_escaped() -> None:
    assert json.loads(merge(b'{"a": 1}', b'{"\\u0061": 2}')) == {"a": 2}


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"1", b"null", b'"text"', b"{", b'{"a":1,"a":2}', b'{"a":NaN}', b"\xff", b"{}{}"]
)
def test_what_is_no_object_is_refused(content: bytes) -> None:
    with pytest.raises(Malformed):
        check_object(content, Limits())


@pytest.mark.parametrize(
    ("content_type", "json_type"),
    [
        ("application/json", True),
        ("Application/JSON; charset=utf-8", True),
        ("application/json;charset=utf-8", True),
        ("application/json+x", False),
        ("text/json", False),
        ("application/octet-stream", False),
    ],
)
def test_parameters_and_case_do_not_matter_to_a_type(content_type: str, *, json_type: bool) -> None:
    assert is_json(content_type) is json_type

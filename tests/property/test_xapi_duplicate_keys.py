"""No spelling hides a duplicate key from the guard."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.xapi.guard import Limits, Malformed, parse

PIECES = [
    '\\"',
    ":",
    " ",
    "\\u0022",
    "\\u003a",
    "\\u003A",
    "\\u0020",
    "\\u005c",
    "\\\\",
    "\\/",
    "\\u00e9",
    "\\n",
    "\\u000a",
    "a",
    "{",
    ",",
]
SPACE = st.sampled_from(["", " ", "\n", "\t "])
TEXT = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)


@st.composite
def spelled_objects(draw: st.DrawFn) -> tuple[str, bool]:
    """Draw an object as text, and whether it has a key twice."""
    members, keys = [], []
    for _ in range(draw(st.integers(1, 5))):
        key = draw(st.sampled_from(["a", "\\u0061", "b", "\\u0062"]) | TEXT)
        keys.append(json.loads(f'"{key}"'))
        members.append(f'{draw(SPACE)}"{key}"{draw(SPACE)}:{draw(SPACE)}"{draw(TEXT)}"')
    return "{" + ",".join(members) + "}", len(set(keys)) < len(keys)


@settings(max_examples=600)
@given(spelled_objects())
def test_a_duplicate_key_is_refused_and_nothing_else_is(spelled: tuple[str, bool]) -> None:
    text, doubled = spelled

    if doubled:
        with pytest.raises(Malformed, match="same key twice"):
            parse(text.encode(), Limits())
    else:
        assert parse(text.encode(), Limits()) == json.loads(text)

"""1.0.3 Data §2.4.6.2: context activities come back as lists."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.domain.listed import has_activity_alone, in_lists

RAW = (
    b'{ "actor" : {"mbox":"mailto:ann@example.org"} , "cont\\u0065xt":{"contextActivities" : '
    b'{"parent": {"id":"https://example.org/\\"{", "n":1.50} , "other":[{"id":"https://example.org/o"}]},'
    b'"extensions":{"https://example.org/x":{"contextActivities":{"parent":{}}}}},'
    b'"object":{"objectType":"SubStatement","context":{"contextActivities":{"grouping":{"id":"https://example.org/g"}}}}}'
)


def test_what_stands_alone_comes_into_a_list_and_the_rest_keeps_its_bytes() -> None:
    listed = in_lists(RAW)

    assert listed == (
        b'{"actor" : {"mbox":"mailto:ann@example.org"},"cont\\u0065xt":{"contextActivities" : '
        b'{"parent": [{"id":"https://example.org/\\"{", "n":1.50}],"other":[{"id":"https://example.org/o"}]},'
        b'"extensions":{"https://example.org/x":{"contextActivities":{"parent":{}}}}},'
        b'"object":{"objectType":"SubStatement","context":{"contextActivities":{"grouping":[{"id":"https://example.org/g"}]}}}}'
    )
    assert has_activity_alone(json.loads(RAW))
    assert not has_activity_alone(json.loads(listed))
    assert in_lists(listed) == listed


@pytest.mark.parametrize(
    "raw",
    [
        b'{"object":{"id":"https://example.org/"}}',
        b'{"object":{},"context":{}}',
        b'{"object":{},"context":{"contextActivities":{}}}',
    ],
)
def test_what_has_no_activity_alone_stays(raw: bytes) -> None:
    assert not has_activity_alone(json.loads(raw))
    assert in_lists(raw) == raw


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=8,
)
related = st.dictionaries(
    st.sampled_from(["parent", "grouping", "category", "other"]), st.dictionaries(st.text(max_size=8), values)
)


@given(related, values, st.sampled_from([None, 1]), st.booleans())
def test_nothing_but_lists_is_added(activities: object, beside: object, indent: int | None, ascii_only: bool) -> None:  # noqa: FBT001  hypothesis passes by name
    context = {"extensions": beside, "contextActivities": activities}
    statement = {"object": {"objectType": "SubStatement", "context": context}, "context": context}

    listed = json.loads(in_lists(json.dumps(statement, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")))

    assert isinstance(activities, dict)
    expected = {"extensions": beside, "contextActivities": {relation: [each] for relation, each in activities.items()}}
    assert listed == {"object": {"objectType": "SubStatement", "context": expected}, "context": expected}

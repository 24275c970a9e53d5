"""How what a platform delivers is parsed where it is not quite JSON."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.connectors.parsing import parsed
from services.ingest.connectors.registry import HOOKS
from services.ingest.domain.source import Platform
from services.ingest.verifiers import Message
from shared.xapi.guard import Limits, Malformed

LIMITS = Limits()


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (rb'"cut \ud83d"', "cut \ufffd"),
        (rb'"\ude00 cut"', "\ufffd cut"),
        (rb'"\ud83d\ud83d\ude00"', "\ufffd\U0001f600"),
        (rb'"\\ud83d \ud83d"', "\\ud83d \ufffd"),
        (rb'"\\\ud83d"', "\\\ufffd"),
        (rb'"\uD83D\n\"\u0041"', '\ufffd\n"A'),
    ],
)
def test_half_a_character_is_replaced_and_everything_else_stays(written: bytes, said: str) -> None:
    assert parsed(written, LIMITS) == said


@pytest.mark.parametrize("written", [rb'"\ud83"', rb'"\ud83d\u12"', rb'"\ud83d', rb'{"a":1,"a":"\ud83d"}'])
def test_what_is_broken_besides_is_malformed(written: bytes) -> None:
    with pytest.raises(Malformed):
        parsed(written, LIMITS)


@given(st.text(st.characters(categories=["Cs", "Lu", "So", "Po"])))
def test_any_text_is_read_as_it_is_but_for_halves(text: str) -> None:
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    assert parsed(json.dumps([text]).encode(), LIMITS) == [json.loads(json.dumps(whole))]


@pytest.mark.parametrize("depth", [100, 1_500, 30_000])
def test_an_event_without_end_of_nesting_costs_none_of_its_neighbours(depth: int) -> None:
    said = b'{"type": "m.room.message", "content": {"body": "[{\\"]"}}'
    deep = b'{"type": "m.x", "content": {"a": ' + b'[{"b":' * depth + b"1" + b"}]" * depth + b', "c": "\\ud83d"}}'

    found = HOOKS[Platform.MATRIX].parse(Message({}, b'{"events": [' + b", ".join((said, deep, said)) + b"]}"), LIMITS)

    message = {"type": "m.room.message", "content": {"body": '[{"]'}}
    assert found == {"events": [message, None, message]}


def test_a_long_transaction_that_is_nested_without_end_is_refused_at_once() -> None:
    with pytest.raises(Malformed):
        HOOKS[Platform.MATRIX].parse(Message({}, b'{"events": [' + b"[" * 2_000_000), LIMITS)


def test_half_a_character_costs_neither_a_transaction_nor_its_event() -> None:
    body = rb'{"events": [{"type": "m.room.message", "content": {"body": "cut \ud83d"}}, {"type": "x"}]}'

    hook = HOOKS[Platform.MATRIX]

    assert hook.parse(Message({}, body), LIMITS) == {
        "events": [{"type": "m.room.message", "content": {"body": "cut \ufffd"}}, {"type": "x"}]
    }

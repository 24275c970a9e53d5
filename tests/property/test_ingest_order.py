"""Whatever the order and number of deliveries, the same statements are told, byte by byte."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.ingest import Ear, Sent
from tests.support.platforms import CONVERSATIONS


def told_in(deliveries: list[Sent]) -> tuple[set[tuple[str, bytes]], int]:
    ear = Ear()
    asyncio.run(ear.hear(*deliveries))
    return ear.told(), len(ear.store.pending)


@st.composite
def shuffled(draw: st.DrawFn, script: list[Sent]) -> list[Sent]:
    repeated = draw(st.lists(st.sampled_from(range(len(script))), max_size=len(script)))
    order = draw(st.permutations([*range(len(script)), *repeated]))
    return [script[index] for index in order]


@pytest.mark.parametrize("script", CONVERSATIONS.values(), ids=CONVERSATIONS)
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_every_order_of_deliveries_tells_the_same_statements(script: list[Sent], data: st.DataObject) -> None:
    in_order, _ = told_in(script)

    told, waiting = told_in(data.draw(shuffled(script)))

    assert told == in_order
    assert waiting == 0


@pytest.mark.parametrize("script", CONVERSATIONS.values(), ids=CONVERSATIONS)
def test_no_statement_is_told_in_two_versions(script: list[Sent]) -> None:
    told, _ = told_in(script * 3)

    assert len({statement for statement, _ in told}) == len(told)
    assert len(told) > 7

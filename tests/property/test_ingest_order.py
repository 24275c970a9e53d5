"""Whatever the order and number of deliveries, the same statements are told, byte by byte."""

from __future__ import annotations

import asyncio
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from services.ingest.metrics import IngestMetrics
from services.ingest.tallies import Tallies
from tests.support.ingest import NOW, Ear, Sent
from tests.support.platforms import CONVERSATIONS

UNREAD = IngestMetrics(CollectorRegistry(), Tallies(lambda: NOW))
"""Nobody looks at them here, and to make them takes a third of the time."""


def told_in(deliveries: list[Sent]) -> tuple[set[tuple[str, bytes]], int]:
    ear = Ear(metrics=UNREAD)
    asyncio.run(ear.hear(*deliveries))
    return ear.told(), len(ear.store.pending)


@st.composite
def shuffled(draw: st.DrawFn, script: list[Sent]) -> list[Sent]:
    repeated = draw(st.lists(st.sampled_from(range(len(script))), max_size=len(script)))
    order = draw(st.permutations([*range(len(script)), *repeated]))
    return [script[index] for index in order]


@cache
def told_in_order(platform: str) -> set[tuple[str, bytes]]:
    return told_in(CONVERSATIONS[platform])[0]


@pytest.mark.parametrize("platform", CONVERSATIONS)
@given(data=st.data())
@settings(max_examples=80)
def test_every_order_of_deliveries_tells_the_same_statements(platform: str, data: st.DataObject) -> None:
    deliveries = data.draw(shuffled(CONVERSATIONS[platform]))

    told, waiting = told_in(deliveries)

    assert told == told_in_order(platform)
    assert waiting == 0


@pytest.mark.parametrize("script", CONVERSATIONS.values(), ids=CONVERSATIONS)
def test_no_statement_is_told_in_two_versions(script: list[Sent]) -> None:
    told, _ = told_in(script * 3)

    assert len({statement for statement, _ in told}) == len(told)
    assert len(told) > 7

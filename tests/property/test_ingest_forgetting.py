"""Whoever was erased before it is told what a platform delivered is named nowhere, and what others did is told as ever."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from services.ingest.domain.interaction import AccountName
from services.ingest.metrics import IngestMetrics
from services.ingest.tallies import Tallies
from tests.support.ingest import NOW, Ear, Sent, account_names, is_agent, named
from tests.support.platforms import CONVERSATIONS

UNREAD = IngestMetrics(CollectorRegistry(), Tallies(lambda: NOW))
"""Nobody looks at them here, and to make them takes a third of the time."""


def heard(deliveries: list[Sent], *erased: str) -> Ear:
    ear = Ear(metrics=UNREAD)
    ear.erased = account_names(*erased)
    asyncio.run(ear.hear(*deliveries))
    return ear


def by_id(ear: Ear) -> dict[str, dict[str, Any]]:
    return {each["id"]: each for each in ear.statements()}


@cache
def told_of_all(platform: str) -> dict[str, dict[str, Any]]:
    return by_id(heard(CONVERSATIONS[platform]))


@cache
def told_without(platform: str, name: str) -> dict[str, dict[str, Any]]:
    return by_id(heard(CONVERSATIONS[platform], name))


@cache
def people(platform: str) -> list[str]:
    return sorted({each["actor"]["account"]["name"] for each in told_of_all(platform).values() if is_agent(each["actor"])})


@pytest.mark.parametrize("platform", CONVERSATIONS)
@given(data=st.data())
@settings(max_examples=25)
def test_every_order_tells_the_same_and_names_nobody_who_was_erased(platform: str, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(people(platform)))
    order = data.draw(st.permutations(CONVERSATIONS[platform]))

    ear = heard(order, name)

    assert by_id(ear) == told_without(platform, name)
    assert not [each for each in ear.statements() if name in named(each)]
    assert AccountName(name) not in {each.author for each in ear.store.known.values()}
    assert ear.rejected == []


@pytest.mark.parametrize("platform", CONVERSATIONS)
def test_what_others_did_elsewhere_is_told_as_if_nobody_had_been_erased(platform: str) -> None:
    told = told_of_all(platform)
    for name in people(platform):
        theirs = {each["object"].get("id") for each in told.values() if name in named(each)}
        others = {key: each for key, each in told.items() if name not in named(each) and each["object"].get("id") not in theirs}

        left = told_without(platform, name)

        assert others.items() <= left.items()
        assert left.keys() <= told.keys()

"""Cells are sums of integers: the order of what is added does not matter, and what is taken back leaves nothing."""

from __future__ import annotations

import random
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as some

from services.scoring.domain.act import LearnerId
from services.scoring.domain.cells import CellKey, Entry, differences
from services.scoring.domain.rules import Dimension
from services.scoring.domain.week import Week

people = some.integers(0, 2).map(lambda number: LearnerId(UUID(int=number)))
keys = some.builds(CellKey, people, people, some.sampled_from(Dimension), some.integers(0, 2).map(Week))
weights = some.integers(0, 3_000_000)
entries = some.builds(Entry, keys, weights, weights)


@given(some.lists(entries), some.lists(entries), some.randoms())
def test_the_order_of_entries_does_not_matter(taken: list[Entry], given_: list[Entry], chance: random.Random) -> None:
    before = differences(taken, given_)

    chance.shuffle(taken)
    chance.shuffle(given_)

    assert differences(taken, given_) == before == sorted(before)


@given(some.lists(entries))
def test_what_is_taken_and_given_alike_makes_no_difference(each: list[Entry]) -> None:
    assert differences(each, each) == []


@given(some.lists(entries))
def test_what_is_given_and_taken_later_sums_to_nothing(each: list[Entry]) -> None:
    there, back = differences((), each), differences(each, ())

    assert [(key, -weight, -grounded) for key, weight, grounded in there] == [tuple(one) for one in back]

"""How many requests a minute."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.domain.rate import Bucket


def test_a_quota_can_be_used_at_once_and_comes_back_steadily() -> None:
    bucket = Bucket(60, 0.0)

    assert all(bucket.take(60, 0.0).allowed for _ in range(60))
    refused = bucket.take(60, 0.0)
    assert (refused.allowed, refused.remaining, refused.full_in, refused.wait) == (False, 0, 60.0, 1.0)
    assert bucket.take(60, 1.0).allowed
    assert not bucket.take(60, 1.5).allowed


def test_what_is_used_comes_back_in_proportion() -> None:
    bucket = Bucket(120, 0.0)
    for _ in range(3):
        bucket.take(120, 0.0)

    said = bucket.look(120, 0.5)

    assert (said.allowed, said.remaining, said.full_in, said.wait) == (True, 118, 1.0, 0.0)


def test_who_has_half_a_token_waits_half_as_long() -> None:
    bucket = Bucket(0.5, 0.0)

    assert bucket.take(60, 0.0).wait == 0.5


def test_a_bucket_holds_no_more_than_the_quota() -> None:
    bucket = Bucket(60, 0.0)

    assert bucket.look(60, 1e9).remaining == 60
    assert bucket.look(10, 1e9).remaining == 10


def test_who_waits_as_long_as_told_may_pass() -> None:
    bucket = Bucket(0, 0.0)
    told = bucket.take(7, 0.0)

    assert not told.allowed
    assert bucket.take(7, told.wait + 1e-6).allowed


@given(st.integers(1, 600), st.lists(st.floats(0, 5), min_size=1, max_size=200))
def test_never_more_pass_than_the_quota_and_what_came_back(quota: int, pauses: list[float]) -> None:
    bucket, now, passed = Bucket(quota, 0.0), 0.0, 0

    for pause in pauses:
        now += pause
        passed += bucket.take(quota, now).allowed

    assert passed <= quota + quota * now / 60 + 1e-6


@pytest.mark.parametrize("backwards", [-1.0, -1e9])
def test_a_clock_that_goes_back_gives_nothing(backwards: float) -> None:
    bucket = Bucket(0, 0.0)

    assert not bucket.take(60, backwards).allowed

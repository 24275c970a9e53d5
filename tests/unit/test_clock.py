"""Times as they stand in statements and messages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.clock import rfc3339

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=ZONES | st.just(UTC)))  # noqa: DTZ001  bounds are naive
def test_a_time_is_written_in_utc_to_the_microsecond_and_is_the_same_when_read(time: datetime) -> None:
    written = rfc3339(time)

    assert len(written) == len("2026-01-31T12:00:00.000000Z")
    assert written.endswith("Z")
    assert datetime.fromisoformat(written) == time


@pytest.mark.parametrize(
    ("time", "written"),
    [
        (datetime(2026, 1, 31, 12, tzinfo=UTC), "2026-01-31T12:00:00.000000Z"),
        (datetime(2026, 1, 31, 12, 0, 0, 40, tzinfo=UTC), "2026-01-31T12:00:00.000040Z"),
        (datetime(2026, 1, 31, 12, tzinfo=timezone(timedelta(hours=2))), "2026-01-31T10:00:00.000000Z"),
        (datetime(26, 1, 31, tzinfo=UTC), "0026-01-31T00:00:00.000000Z"),
    ],
)
def test_a_time_has_all_its_digits(time: datetime, written: str) -> None:
    assert rfc3339(time) == written

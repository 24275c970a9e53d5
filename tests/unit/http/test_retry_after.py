from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.http.retry_after import seconds_asked

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MOST = 3600.0


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("", 0),
        ("7", 7),
        (" 7 ", 7),
        ("1.5", 1.5),
        ("Mon, 02 Mar 2026 12:01:00 GMT", 60),
        ("Mon, 02 Mar 2026 12:01:00", 60),
        ("Mon, 02 Mar 2026 11:00:00 GMT", 0),
        (f"{int(NOON.timestamp()) + 90}", 90),
        (f"{int(NOON.timestamp()) - 90}", 0),
        ("2026-03-02T12:05:00.000Z", 300),
        ("999999999999", MOST),
        ("9" * 400, 0),
        ("-3", 0),
        ("soon", 0),
        ("²", 0),
        ("Mon, 02 Mar 99999999999999999999 12:01:00 GMT", 0),
    ],
)
def test_a_wait_is_a_number_of_seconds_or_a_moment_and_bounded(said: str, seconds: float) -> None:
    assert seconds_asked(said, NOON, MOST) == seconds

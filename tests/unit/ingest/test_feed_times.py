"""When feeds say that something was written."""

from __future__ import annotations

import pytest

from services.ingest.domain.reading import Reason
from tests.support.feeds import HOME, heard, rss


@pytest.mark.parametrize(
    ("zone", "hour"), [("GMT", 12), ("EST", 17), ("+0100", 11), ("CET", 11), ("CEST", 10), ("BST", 11), ("JST", 3), ("XYZ", 12)]
)
def test_time_zones_have_names_in_other_countries_too(zone: str, hour: int) -> None:
    dated = f"<pubDate>Mon, 02 Mar 2026 12:00:00 {zone}</pubDate>"
    feed = rss(f"<item><title>A</title><guid>{HOME}/1</guid><author>ann</author>{dated}</item>")

    assert [each.happened for each in heard(feed).decided] == [f"2026-03-02T{hour:02}:00:00.000Z"]


def test_seconds_are_no_date() -> None:
    feed = rss(f"<item><title>A</title><guid>{HOME}/1</guid><author>ann</author><pubDate>1772440200</pubDate></item>")

    assert heard(feed).ignored == (Reason.INCOMPLETE,)

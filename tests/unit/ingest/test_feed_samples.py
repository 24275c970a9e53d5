"""Feeds as they are found in the wild: samples, broken ones, and what their parser trips over."""

from __future__ import annotations

from dataclasses import replace
from time import process_time
from typing import Any

import pytest

from services.ingest.connectors.feeds.document import parsed
from services.ingest.connectors.fields import Incomplete
from services.ingest.domain.mapping import statement_of
from services.ingest.domain.reading import Reading, Reason
from shared.xapi.model import Version
from shared.xapi.validation import validate
from tests.support.feeds import BLOG, HOME, atom, entry, heard, rss
from tests.support.profile import faults
from tests.support.samples import files, rows, table


@pytest.mark.parametrize("feed", [b"", b"<html>", b"{}", b"\xff\xfe", b"<p>Under maintenance</p>", b"<" * 600_000])
def test_what_is_no_feed_is_asked_for_again(feed: bytes) -> None:
    with pytest.raises(Incomplete):
        heard(feed)


@pytest.mark.parametrize(
    "broken",
    [b"&#55296;<", b"&#99999999999999999999;<", b"&#1114112;<", b"</link><", b"<?xml version='1.0' encoding='\xff'?><", b"<\x00"],
)
def test_what_its_parser_trips_over_is_no_feed_or_read_as_far_as_it_goes(broken: bytes) -> None:
    feed = rss(f"<item><title>A</title><guid>{HOME}/1</guid><author>ann</author><pubDate>2026-03-02T12:00:00Z</pubDate></item>")

    for at in (0, len(feed) // 2, feed.index(b"A</title>")):
        try:
            reading = heard(feed[:at] + broken + feed[at:])
        except Incomplete:
            continue
        assert isinstance(reading, Reading)


@pytest.mark.parametrize("author", ["@" * 100_000, "a" * 100_000, "&#97;" * 100_000, "a@" * 50_000, "a@b" + " " * 100_000 + "("])
def test_an_author_that_never_ends_takes_no_time(author: str) -> None:
    feed = rss(
        f"<item><title>A</title><guid>{HOME}/1</guid><author>{author}</author><pubDate>2026-03-02T12:00:00Z</pubDate></item>"
    )

    began = process_time()
    heard(feed)

    assert process_time() - began < 5


@pytest.mark.parametrize("end", ["/>", ">"])
def test_an_element_with_no_end_of_attributes_takes_no_time(end: str) -> None:
    attributes = " ".join(f"a{number}=''" for number in range(30_000))

    began = process_time()
    parsed(f"<rss version='2.0'><channel><x {attributes}{end}</channel></rss>".encode(), HOME)

    assert process_time() - began < 5


def test_a_bad_entry_keeps_no_other_from_being_told() -> None:
    feed = atom(
        entry("a", "ann", "A", "yesterday"),
        "<entry/>",
        entry("b" * 900, "ann", "B", "12:00:00"),
        entry("c", "ann", "C", "12:00:00"),
    )

    reading = heard(feed)

    assert [each.artefact.title for each in reading.decided] == ["C"]
    assert reading.ignored == (Reason.INCOMPLETE,) * 3


FILES = files("feeds", "*.xml")


@pytest.mark.parametrize("name", FILES)
def test_a_sample_is_what_the_table_says(name: str) -> None:
    reading = heard(FILES[name], replace(BLOG, workspace="http://feeds.delicious.com"))

    assert _said(reading) == TABLE[name]
    for each in (*reading.decided, *(waiting.interaction for waiting in reading.undecided)):
        statement = statement_of(each, BLOG)
        validate(statement, Version.V1_0_3)
        assert faults(statement) == []


def _said(reading: Reading) -> dict[str, Any]:
    told = {"told": rows(reading), "ignored": list(reading.ignored), "asked": [each.key for each in reading.lookups]}
    return {name: value for name, value in told.items() if value}


TABLE: Any = table("feeds")


def test_the_table_names_no_sample_that_is_not_there() -> None:
    assert TABLE.keys() <= FILES.keys()


def test_an_address_within_a_feed_may_be_relative() -> None:
    found = parsed(FILES["http_item_wfw_commentRSS_base_docuri.xml"], "https://blog.acme.example/feed")

    assert isinstance(found, dict)
    entries: Any = found["entries"]
    assert entries[0]["comments"] == "https://blog.acme.example/relative/uri"

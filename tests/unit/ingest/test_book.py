"""Sources are found in memory, seen soon when they change, and kept while PostgreSQL is down."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest

from services.ingest.book import SourceBook
from services.ingest.domain.source import Source, SourceId
from services.ingest.remembered import Remembered, fingerprint_of
from shared.errors import Unavailable
from tests.support.ingest import NOW
from tests.support.slack import SLACK


class Shelf:
    """A table of sources, and the time, that a test turns."""

    def __init__(self, *sources: Source) -> None:
        self.sources = list(sources)
        self.now = NOW
        self.reads = 0
        self.down = False

    async def load(self) -> Mapping[SourceId, Source]:
        self.reads += 1
        if self.down:
            raise Unavailable("postgres", "down")
        return {source.id: source for source in self.sources}

    def clock(self) -> datetime:
        return self.now

    def book(self) -> SourceBook:
        return SourceBook(self.load, self.clock, 5.0)


async def test_a_source_is_found_by_platform_and_name() -> None:
    book = Shelf(SLACK).book()

    assert await book.find("slack", "acme") == SLACK
    assert await book.find("discourse", "acme") is None
    assert await book.find("slack", "other") is None


async def test_the_table_is_read_once_while_it_is_fresh() -> None:
    shelf = Shelf(SLACK)
    book = shelf.book()

    for _ in range(10):
        await book.find("slack", "acme")

    assert shelf.reads == 1


async def test_a_new_source_is_seen_after_a_second() -> None:
    shelf = Shelf()
    book = shelf.book()
    await book.find("slack", "acme")
    shelf.sources.append(SLACK)
    shelf.now += timedelta(seconds=1)

    assert await book.find("slack", "acme") == SLACK


async def test_a_source_that_was_just_added_is_found_however_lately_others_read_the_table() -> None:
    shelf = Shelf()
    book = shelf.book()
    await book.all()
    shelf.sources.append(SLACK)

    assert await book.find("slack", "acme") == SLACK


async def test_whoever_guesses_names_has_the_table_read_once_a_second() -> None:
    shelf = Shelf(SLACK)
    book = shelf.book()

    for guess in range(100):
        await book.find("slack", f"guess-{guess}")

    assert shelf.reads == 2


async def test_sources_are_kept_while_they_cannot_be_read() -> None:
    shelf = Shelf(SLACK)
    book = shelf.book()
    await book.find("slack", "acme")
    shelf.down = True
    shelf.now += timedelta(minutes=5)

    assert await book.find("slack", "acme") == SLACK


async def test_sources_that_were_never_read_are_unavailable() -> None:
    shelf = Shelf(SLACK)
    shelf.down = True

    with pytest.raises(Unavailable):
        await shelf.book().find("slack", "acme")


def test_only_the_latest_deliveries_are_remembered() -> None:
    remembered = Remembered(2)

    for each in (b"1", b"2", b"1", b"3"):
        remembered.add(each)

    assert [each in remembered for each in (b"1", b"2", b"3")] == [True, False, True]


def test_the_same_body_about_another_event_is_another_delivery() -> None:
    names, source = ("x-discourse-event",), SourceId("forum")
    created, recovered = ({"x-discourse-event": event} for event in ("post_created", "post_recovered"))

    assert fingerprint_of(source, created, names, b"{}") != fingerprint_of(source, recovered, names, b"{}")
    assert fingerprint_of(source, {**created, "x-discourse-event-id": "8"}, names, b"{}") == fingerprint_of(
        source, created, names, b"{}"
    )

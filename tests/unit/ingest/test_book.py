"""Sources are found in memory, seen soon when they change, and kept while PostgreSQL is down."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.ingest.book import PATIENCE, SourceBook
from services.ingest.domain.interaction import ChannelId
from services.ingest.domain.source import Source, SourceId
from services.ingest.remembered import Remembered, fingerprint_of
from shared.errors import Unavailable
from tests.support.ingest import NOW
from tests.support.slack import SLACK

SECOND = 2


class Shelf:
    """A table of sources, and the time, that a test turns."""

    def __init__(self, *sources: Source) -> None:
        self.sources = list(sources)
        self.now = NOW
        self.reads = 0
        self.down = False
        self.answers = asyncio.Event()
        self.answers.set()

    async def load(self) -> Mapping[SourceId, Source]:
        self.reads += 1
        await self.answers.wait()
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


async def test_a_clock_that_is_set_back_lets_no_source_stay_as_it_was() -> None:
    shelf = Shelf(SLACK)
    book = shelf.book()
    await book.find("slack", "acme")
    await book.find("slack", "other")
    shelf.sources = [replace(SLACK, id=SourceId("other"))]
    shelf.now -= timedelta(hours=1)

    assert await book.find("slack", "acme") is None
    assert await book.find("slack", "other") is not None


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


async def test_a_source_that_is_not_known_may_have_been_added_while_the_table_cannot_be_read() -> None:
    shelf = Shelf(SLACK)
    book = shelf.book()
    await book.find("slack", "acme")
    shelf.down = True

    for _ in range(2):
        with pytest.raises(Unavailable):
            await book.find("slack", "new")
    assert await book.find("discourse", "acme") is None

    shelf.down = False
    shelf.now += timedelta(seconds=1)
    assert await book.find("slack", "new") is None


async def test_a_source_that_is_not_known_may_have_been_added_while_the_table_hangs() -> None:
    shelf = Shelf(SLACK)
    book = shelf.book()
    await book.find("slack", "acme")
    shelf.answers.clear()

    with pytest.raises(Unavailable):
        await book.find("slack", "new")

    shelf.answers.set()


async def test_sources_that_were_never_read_are_unavailable() -> None:
    shelf = Shelf(SLACK)
    shelf.down = True

    with pytest.raises(Unavailable):
        await shelf.book().find("slack", "acme")


async def test_a_table_that_meets_a_bug_of_ours_is_not_an_empty_one() -> None:
    async def load() -> Mapping[SourceId, Source]:
        raise KeyError("a column")

    book = SourceBook(load, lambda: NOW, 5.0)

    for _ in range(2):
        with pytest.raises(KeyError):
            await book.find("slack", "acme")


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


async def test_a_table_that_hangs_holds_up_nobody_for_long_and_is_believed_once_it_answers() -> None:
    shelf = Shelf(SLACK)
    book, loop = shelf.book(), asyncio.get_running_loop()
    await book.find("slack", "acme")
    shelf.answers.clear()
    shelf.sources.clear()
    shelf.now += timedelta(seconds=6)

    began = loop.time()
    found = await asyncio.gather(*(book.find("slack", "acme") for _ in range(20)))
    waited = loop.time() - began
    shelf.answers.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert found == [SLACK] * 20
    assert waited < 2 * PATIENCE
    assert shelf.reads == 2
    assert await book.find("slack", "acme") is None


async def test_a_channel_that_was_heard_to_be_private_is_closed_at_once_and_stays_so() -> None:
    shelf = Shelf(SLACK)
    book = shelf.book()

    book.close(SLACK.id, [ChannelId("C1")])
    await book.find("slack", "acme")
    book.close(SLACK.id, [ChannelId("C2")])
    at_once = await book.get(SLACK.id)
    shelf.now += timedelta(seconds=6)
    later = await book.get(SLACK.id)

    assert at_once is not None
    assert later is not None
    assert at_once.closed == later.closed == {"C1", "C2"}


async def test_a_table_that_is_read_now_is_not_covered_by_one_that_was_asked_for_before_and_came_later() -> None:
    shelf, slow = Shelf(SLACK), asyncio.Event()

    async def load() -> Mapping[SourceId, Source]:
        found = await shelf.load()
        if shelf.reads == SECOND:
            await slow.wait()
        return found

    book = SourceBook(load, shelf.clock, 5.0)
    await book.all()
    shelf.now += timedelta(seconds=6)
    await book.all()
    shelf.sources = [replace(SLACK, closed=frozenset({ChannelId("C1")}))]
    await book.renew()
    slow.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    found = await book.get(SLACK.id)

    assert found is not None
    assert found.closed == {"C1"}
    assert shelf.reads == SECOND + 1


async def test_a_table_that_has_to_be_read_now_and_cannot_be_is_an_outage() -> None:
    shelf = Shelf(SLACK)
    book = shelf.book()
    await book.all()
    shelf.down = True

    with pytest.raises(Unavailable):
        await book.renew()

    assert await book.get(SLACK.id) == SLACK


async def test_a_source_that_is_removed_and_added_again_has_no_closed_channels() -> None:
    shelf = Shelf(SLACK)
    book = shelf.book()
    book.close(SLACK.id, [ChannelId("C1")])
    await book.find("slack", "acme")
    shelf.sources.clear()
    shelf.now += timedelta(seconds=6)
    await book.find("slack", "acme")
    shelf.sources.append(SLACK)
    shelf.now += timedelta(seconds=6)

    assert await book.find("slack", "acme") == SLACK


async def test_whether_a_source_is_there_at_all_is_looked_up_in_the_table() -> None:
    shelf = Shelf()
    book = shelf.book()
    await book.all()
    shelf.sources.append(SLACK)

    fresh, known = await book.look_up(SLACK.id), await book.get(SLACK.id)
    shelf.down = True

    assert (fresh, known) == (SLACK, SLACK)
    assert await book.look_up(SLACK.id) == SLACK
    with pytest.raises(Unavailable):
        await book.look_up(SourceId("other"))

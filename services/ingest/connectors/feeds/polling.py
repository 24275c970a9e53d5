"""Ask for a feed, and for the comments upon the posts in it, no more often than there is reason to.

RFC 9110, section 13 (validators); RSS 2.0 (`ttl`); wellformedweb.org (`wfw:commentRss`); RSS's module slash (`slash:comments`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from services.ingest.connectors.connector import Fetch, Option, Poll
from services.ingest.connectors.feeds import tombstones
from services.ingest.connectors.feeds.document import parsed
from services.ingest.connectors.feeds.entries import Shelf, changed, mark, named, native_of, read_entries
from services.ingest.connectors.fields import Incomplete, member, optional_number, optional_text
from services.ingest.domain.asking import Answer, Circumstances, Cursor, Page, Request
from services.ingest.domain.interaction import NativeId
from services.ingest.domain.reading import Lookup, Reading, Reason, ignored, joined
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

EVERY: Final = timedelta(minutes=15)
LONGEST_REST: Final = timedelta(days=1)
ACCEPT: Final = (
    "application/atom+xml, application/rss+xml, application/feed+json;q=0.9, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"
)
MOST_REMEMBERED: Final = 1000
OPTIONS: Final = {
    "feed": Option("the address of the feed of posts: RSS, Atom or JSON Feed", required=True, address=True),
    "comments": Option("the address of the feed of all comments, if there is one", address=True),
    "author": Option("the account of whoever writes what names no author"),
}


def poll(option: str) -> Poll:
    """Return the poll of the feed whose address the *option* names: of posts, or of comments."""
    comments = option == "comments"

    def ask(source: Source, cursor: Cursor, circumstances: Circumstances) -> Request | None:
        del circumstances
        address = source.options.get(option)
        return Request(address, headers={"Accept": ACCEPT, **_validators(cursor)}) if address else None

    def read(source: Source, cursor: Cursor, answer: Answer) -> Page:
        if answer.unchanged:
            return Page(Reading(), cursor)
        feed = parsed(answer.body, source.options.get(option, ""))
        if feed is None:
            raise Incomplete("feed")
        told = member(dict(cursor), "told")
        before = told if isinstance(told, dict) else {}
        reading = read_entries(source, feed, Shelf(comments=comments, told=before))
        threads = Reading() if comments else lookups(source, feed, before)
        return Page(joined((reading, threads)), _cursor(answer, feed, before), rest=_rest(feed))

    return Poll(EVERY, ask, read)


def _validators(cursor: Cursor) -> dict[str, str]:
    names = {"etag": "If-None-Match", "modified": "If-Modified-Since"}
    return {header: value for name, header in names.items() if isinstance(value := cursor.get(name), str)}


def _cursor(answer: Answer, feed: JSON, before: Mapping[str, JSON]) -> Cursor:
    """Remember what was told, when it had been changed, and how many comments it had."""
    told = dict(before)
    for entry in _entries(feed):
        try:
            native = native_of(entry)
        except Incomplete:
            continue
        told.pop(mark(native), None)
        told[mark(native)] = changed(entry)
        told |= {_thread_mark(lookup): lookup.key for lookup in _lookup(entry)}
    told |= {mark(tombstones.mark(each)): "" for each in tombstones.gone(feed)}
    validators = {"etag": answer.headers.get("etag"), "modified": answer.headers.get("last-modified")}
    kept = {name: value for name, value in validators.items() if value and value.isascii() and value.isprintable()}
    return {**kept, "told": dict(list(told.items())[-MOST_REMEMBERED:])}


def lookups(source: Source, feed: JSON, told: Mapping[str, JSON]) -> Reading:
    """Return which comment feeds are to be asked for: those where comments came since; of the blog's own host only.

    There are none where all comments stand in one feed.
    """
    if source.options.get("comments"):
        return Reading()
    hosts = {urlsplit(address).hostname for address in (source.workspace, source.options.get("feed", ""))}
    found = (each for entry in _entries(feed) for each in _lookup(entry))
    fresh = (each for each in found if told.get(_thread_mark(each)) != each.key)
    return Reading(lookups=tuple(each for each in fresh if _host(each.reference["feed"]) in hosts))


def _lookup(entry: JSON) -> tuple[Lookup, ...]:
    """Return the feed of the comments upon *entry*, if it has one and there may be something in it."""
    address, count = optional_text(entry, "comments"), optional_number(entry, "count")
    link = optional_text(entry, "link")
    if not address or count == 0 or not link or not _host(address):
        return ()
    try:
        post = named(native_of(entry), link)
    except Incomplete:
        return ()
    reference = {"feed": address, "post": post.native, "link": post.iri}
    return (Lookup(f"{address} {'' if count is None else count}".strip(), reference),)


def _thread_mark(lookup: Lookup) -> str:
    return f"+{mark(NativeId(lookup.reference['feed']))}"


def _host(address: str) -> str | None:
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    return parts.hostname if parts.scheme in ("http", "https") else None


def _entries(feed: JSON) -> list[JSON]:
    found = member(feed, "entries")
    return found if isinstance(found, list) else []


def _rest(feed: JSON) -> timedelta | None:
    """Return how long the feed asks to be left alone, a day at the most."""
    minutes = optional_number(feed, "minutes")
    return max(EVERY, min(timedelta(minutes=minutes), LONGEST_REST)) if minutes and 0 < minutes < 10**6 else None


def _ask_feed(source: Source, lookup: Lookup, circumstances: Circumstances) -> Request:
    del source, circumstances
    return Request(lookup.reference["feed"], headers={"Accept": ACCEPT})


def _read_feed(source: Source, lookup: Lookup, answer: Answer) -> Reading:
    """Read the comments upon one post, or a whole feed of posts."""
    address, post = lookup.reference["feed"], lookup.reference.get("post")
    feed = parsed(answer.body, address)
    if feed is None:
        return ignored(Reason.INCOMPLETE)
    if post is None:
        return joined((read_entries(source, feed, Shelf()), lookups(source, feed, {})))
    return read_entries(source, feed, Shelf(comments=True, parent=named(post, lookup.reference["link"])))


FETCH: Final = Fetch(_ask_feed, _read_feed)
POLLS: Final = {"posts": poll("feed"), "comments": poll("comments")}

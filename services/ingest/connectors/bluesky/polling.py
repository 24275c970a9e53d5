"""Ask Bluesky for posts, over and over for the newest ones, and look closer where they were answered or liked since.

docs.bsky.app: app.bsky.feed.searchPosts, app.bsky.feed.getAuthorFeed, com.atproto.repo.listRecords.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

from services.ingest.connectors.bluesky.acts import read_reason, read_record
from services.ingest.connectors.bluesky.posts import read_view
from services.ingest.connectors.bluesky.threads import api, look_of, lookups_of
from services.ingest.connectors.connector import Option, Poll
from services.ingest.connectors.fields import Incomplete, if_whole, member, optional_text
from services.ingest.connectors.parsing import answered
from services.ingest.domain.asking import Answer, Circumstances, Cursor, Page, Request
from services.ingest.domain.reading import Reading, Reason, ignored, joined
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

EVERY: Final = timedelta(minutes=10)
LIMIT: Final = 100
MOST_REMEMBERED: Final = 1500
UNHEARD: Final = "-"
"""The mark of a post that is not ours to hear, neither what is done to it."""
OPTIONS: Final = {
    "search": Option("what to search for, such as #kafka"),
    "feed": Option("the handle or DID of the account whose posts are to be heard"),
    "repository": Option("the DID of the account whose likes, reposts and follows are to be heard"),
    "server": Option("the personal data server of that account, such as https://bsky.social", address=True),
    "api": Option("the address of the AppView, where it is not https://public.api.bsky.app", address=True),
}


def _ask_search(source: Source, cursor: Cursor, circumstances: Circumstances) -> Request | None:
    del cursor, circumstances
    sought = source.options.get("search")
    return _request(api(source), "app.bsky.feed.searchPosts", q=sought, sort="latest") if sought else None


def _ask_feed(source: Source, cursor: Cursor, circumstances: Circumstances) -> Request | None:
    del cursor, circumstances
    account = source.options.get("feed")
    return _request(api(source), "app.bsky.feed.getAuthorFeed", actor=account) if account else None


def _request(server: str, method: str, **parameters: str) -> Request:
    """Ask for the newest items: without a session the AppView turns no pages of a search."""
    return Request(f"{server}/xrpc/{method}?{urlencode({**parameters, 'limit': str(LIMIT)})}")


def _read_search(source: Source, cursor: Cursor, answer: Answer) -> Page:
    """Read the posts that were found; one that cannot be read stops none of the others."""
    told = _told(cursor)
    reading = joined([_seen(source, each, told) for each in _items(answered(answer), "posts")])
    return Page(reading, _remembered(told))


def _read_feed(source: Source, cursor: Cursor, answer: Answer) -> Page:
    """Read what a feed shows: posts, and posts of others that were reposted."""
    told = _told(cursor)
    reading = joined([_shown(source, each, told) for each in _items(answered(answer), "feed")])
    return Page(reading, _remembered(told))


def _items(document: JSON, name: str) -> list[JSON]:
    found = member(document, name)
    if not isinstance(found, list):
        raise Incomplete(name)
    return found[:LIMIT]


def _told(cursor: Cursor) -> dict[str, JSON]:
    found = cursor.get("told")
    return dict(found) if isinstance(found, dict) else {}


def _remembered(told: dict[str, JSON]) -> Cursor:
    return {"told": dict(list(told.items())[-MOST_REMEMBERED:])}


def _shown(source: Source, item: JSON, told: dict[str, JSON]) -> Reading:
    if member(item, "reason") is None:
        return _seen(source, member(item, "post"), told)
    name = _mark(f"{optional_text(item, 'post', 'uri')} {optional_text(item, 'reason', 'indexedAt')}")
    return _once(told, name, "", lambda: read_reason(source, item))


def _seen(source: Source, view: JSON, told: dict[str, JSON]) -> Reading:
    """Read a post that was not told yet, and look closer at one that was answered or liked since."""
    name = _mark(optional_text(view, "uri") or "")
    before = told.get(name)
    lookups = lookups_of(source, view, before if isinstance(before, str) else "")
    counts = " ".join(each.key.rpartition(" ")[2] for each in lookups_of(source, view, ""))
    if before is None:
        reading = _once(told, name, counts, lambda: read_view(source, view))
        if reading.ignored:
            told[name] = UNHEARD
            return reading
        return joined((reading, Reading(lookups=(*lookups, *look_of(source, view)))))
    told.pop(name)
    if before == UNHEARD:
        told[name] = UNHEARD
        return ignored(Reason.TOLD_ALREADY)
    told[name] = counts
    return Reading(lookups=lookups) if lookups else ignored(Reason.TOLD_ALREADY)


def _recorded(source: Source, item: JSON, told: dict[str, JSON]) -> Reading:
    return _once(told, _mark(optional_text(item, "uri") or ""), "", lambda: read_record(source, item))


def _once(told: dict[str, JSON], name: str, counts: str, read: Callable[[], Reading]) -> Reading:
    if name in told:
        told[name] = told.pop(name)
        return ignored(Reason.TOLD_ALREADY)
    told[name] = counts
    return if_whole(read)


def _mark(name: str) -> str:
    return hashlib.blake2b(name.encode(errors="replace"), digest_size=6).hexdigest()


def records(collection: str) -> Poll:
    """Return the poll of the records of one *collection* of a repository, the newest first."""

    def ask(source: Source, cursor: Cursor, circumstances: Circumstances) -> Request | None:
        del cursor, circumstances
        repository = source.options.get("repository")
        server = source.options.get("server", "https://bsky.social").rstrip("/")
        method = "com.atproto.repo.listRecords"
        return _request(server, method, repo=repository, collection=collection) if repository else None

    def read(source: Source, cursor: Cursor, answer: Answer) -> Page:
        told = _told(cursor)
        reading = joined([_recorded(source, each, told) for each in _items(answered(answer), "records")])
        return Page(reading, _remembered(told))

    return Poll(EVERY, ask, read)


POLLS: Final = {
    "search": Poll(EVERY, _ask_search, _read_search),
    "feed": Poll(EVERY, _ask_feed, _read_feed),
    "likes": records("app.bsky.feed.like"),
    "reposts": records("app.bsky.feed.repost"),
    "follows": records("app.bsky.graph.follow"),
}

"""Ask WordPress for what was written or changed since, oldest first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from msgspec.structs import replace

from services.ingest.connectors.connector import Option, Poll
from services.ingest.connectors.fields import Incomplete, if_whole, member, optional_time
from services.ingest.connectors.wordpress.again import look_of
from services.ingest.connectors.wordpress.items import api, name_of, read_item
from services.ingest.domain.asking import Answer, Circumstances, Cursor, Page, Request
from services.ingest.domain.reading import Reading, joined
from services.ingest.domain.source import Source
from shared.xapi.guard import Limits, Malformed, parse
from shared.xapi.model import JSON
from shared.xapi.timestamps import instant

EVERY: Final = timedelta(minutes=5)
PER_PAGE: Final = 100
MOST_REMEMBERED: Final = 1000
SECOND: Final = timedelta(seconds=1)
MODERATION: Final = timedelta(days=3)
"""A comment has the time at which it was written, and may be approved later: as far back comments are asked for again."""
LIMITS: Final = Limits(size=16 * 1024 * 1024, nodes=500_000)
FIELDS: Final = "id,type,link,date_gmt,modified_gmt,title,content,author,author_name,categories,post,parent,_links"
OPTIONS: Final = {
    "api": Option("the address of the REST API, if it is not /wp-json below the blog's", address=True),
    "since": Option("a day, such as 2026-01-01: nothing that was written before it is asked for"),
}


def poll(collection: str) -> Poll:
    """Return the poll of a *collection*: posts, pages or comments."""
    changes = collection != "comments"

    def ask(source: Source, cursor: Cursor, circumstances: Circumstances) -> Request:
        del circumstances
        since = cursor.get("since") or source.options.get("since")
        asked = {"per_page": PER_PAGE, "page": _page(cursor), "order": "asc", "_fields": FIELDS}
        asked["orderby"] = "modified" if changes else "date_gmt"
        if isinstance(since, str):
            asked["modified_after" if changes else "after"] = since
        address = f"{api(source)}/wp/v2/{collection}?{urlencode(asked)}"
        return Request(address, headers={"Accept": "application/json"}, bears=frozenset({HTTPStatus.BAD_REQUEST}))

    def read(source: Source, cursor: Cursor, answer: Answer) -> Page:
        items = _items(answer, cursor)
        told = member(dict(cursor), "told")
        before = told if isinstance(told, dict) else {}
        reading = joined(if_whole(_read, source, each, before, cursor) for each in items) if items else Reading()
        remembered = _remembered(before, items)
        turned = _after_changes(cursor, items) if changes else _after_comments(cursor, items)
        return Page(reading, {**turned, "told": remembered}, more=len(items) >= PER_PAGE)

    return Poll(EVERY, ask, read)


def _items(answer: Answer, cursor: Cursor) -> list[JSON]:
    """Return what is on a page; behind the last one WordPress says 400. Raise Incomplete where it is no page."""
    if answer.status == HTTPStatus.BAD_REQUEST and _page(cursor) > 1:
        return []
    try:
        items = parse(answer.body, LIMITS)
    except Malformed as error:
        raise Incomplete("items") from error
    if not isinstance(items, list):
        raise Incomplete("items")
    return items


def _page(cursor: Cursor) -> int:
    page = cursor.get("page")
    return page if isinstance(page, int) else 1


def _read(source: Source, item: JSON, told: Mapping[str, JSON], cursor: Cursor) -> Reading:
    before = told.get(name_of(item))
    if before is not None and before == _changed(item):
        return Reading()
    reading = read_item(source, item, edited=before is not None or _was_told(item, cursor))
    if reading.ignored or before is not None:
        return reading
    return replace(reading, lookups=tuple(look for known in reading.known for look in look_of(source, known)))


def _was_told(item: JSON, cursor: Cursor) -> bool:
    """Say whether *item* was told, though it is not remembered: it is older than the newest thing of an earlier round."""
    caught, written = optional_time(dict(cursor), "caught"), optional_time(item, "date_gmt")
    return bool(caught and written) and instant(str(written)) < instant(str(caught))


def _remembered(told: Mapping[str, JSON], items: list[JSON]) -> dict[str, JSON]:
    """Return what was told, and when it had been changed, the latest of it."""
    remembered = dict(told)
    for each in items:
        try:
            name = name_of(each)
        except Incomplete:
            continue
        remembered.pop(name, None)
        remembered[name] = _changed(each)
    return dict(list(remembered.items())[-MOST_REMEMBERED:])


def _after_changes(cursor: Cursor, items: list[JSON]) -> dict[str, JSON]:
    """Go on after the last change: a page is turned only where all of it changed at once, since changes move what follows."""
    newest = max([*map(_changed, items), _newest(cursor)])
    since = _earlier(newest, SECOND) if newest else cursor.get("since")
    if len(items) < PER_PAGE:
        return {"since": since, "newest": newest, "caught": newest}
    page = _page(cursor) + 1 if since == cursor.get("since") else 1
    return {"since": since, "newest": newest, "caught": cursor.get("caught"), "page": page}


def _after_comments(cursor: Cursor, items: list[JSON]) -> dict[str, JSON]:
    """Go on with the next page, or, behind the last one, as far back as comments may still come."""
    newest = max([*(optional_time(each, "date_gmt") or "" for each in items), _newest(cursor)])
    if len(items) >= PER_PAGE:
        return {"since": cursor.get("since"), "newest": newest, "page": _page(cursor) + 1}
    return {"since": _earlier(newest, MODERATION) if newest else cursor.get("since"), "newest": newest}


def _newest(cursor: Cursor) -> str:
    return str(cursor.get("newest") or "")


def _changed(item: JSON) -> str:
    return optional_time(item, "modified_gmt") or optional_time(item, "date_gmt") or ""


def _earlier(moment: str, by: timedelta) -> str:
    try:
        return (instant(moment) - by).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError):
        return moment


POLLS: Final = {name: poll(name) for name in ("posts", "pages", "comments")}

"""A feed in JSON (jsonfeed.org/version/1.1, and 1.0), as the same plain object that comes of one in XML."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Final

from services.ingest.connectors.fields import member, optional_identifier, optional_text, several
from services.ingest.connectors.parsing import parsed
from shared.xapi.guard import Limits, Malformed
from shared.xapi.model import JSON

VERSION: Final = "jsonfeed.org/version/1"
LIMITS: Final = Limits(nodes=200_000)
MOST_AUTHORS: Final = 10
MOST_NAMED: Final = 50
LONGEST_TITLE: Final = 500


def is_json(body: bytes) -> bool:
    """Say whether *body* begins as an object of JSON does, and no XML."""
    return body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"


def read_json_feed(body: bytes, whole: Callable[[str | None], str | None], most: int) -> JSON:
    """Return the feed in *body*, its addresses made *whole*, with no more than so many entries; None where it is none."""
    try:
        found = parsed(body.removeprefix(b"\xef\xbb\xbf"), LIMITS)
    except Malformed:
        return None
    if VERSION not in (optional_text(found, "version") or "") or not isinstance(member(found, "items"), list):
        return None
    entries: list[JSON] = [_entry(each, whole) for each in several(found, "items", most=most)]
    return {"author": _author(found), "minutes": None, "entries": entries, "gone": []}


def _entry(item: JSON, whole: Callable[[str | None], str | None]) -> JSON:
    attached = (whole(optional_text(each, "url")) for each in several(item, "attachments", most=MOST_NAMED))
    return {
        "id": optional_text(item, "id") or optional_identifier(item, "id"),
        "link": whole(optional_text(item, "url") or optional_text(item, "external_url")),
        "title": (optional_text(item, "title") or "")[:LONGEST_TITLE] or None,
        "published": optional_text(item, "date_published"),
        "updated": optional_text(item, "date_modified"),
        "author": _author(item),
        "sourceAuthor": None,
        "categories": [each for each in several(item, "tags", most=MOST_NAMED) if isinstance(each, str)],
        "content": optional_text(item, "content_html") or _plain(item, "content_text") or _plain(item, "summary"),
        "replyTo": None,
        "comments": None,
        "count": None,
        "verb": None,
        "enclosures": [each for each in attached if each],
    }


def _plain(item: JSON, name: str) -> str | None:
    """Return plain text as HTML that says the same."""
    found = optional_text(item, name)
    return escape(found, quote=False).replace("\n", "<br>") if found else None


def _author(thing: JSON) -> JSON:
    """Return the first author who has a page or a name: version 1.0 knows but one."""
    people = [*several(thing, "authors", most=MOST_AUTHORS), member(thing, "author")]
    found = ({"name": optional_text(each, "name"), "uri": optional_text(each, "url"), "email": None} for each in people)
    return next((each for each in found if any(each.values())), None)

"""A feed in whatever dialect of RSS or Atom, or in JSON, as a plain object with its entries; the one door to feedparser.

Sources: RFC 4287 (Atom), RFC 4685 (`thr:in-reply-to`), rssboard.org/rss-specification, wellformedweb.org (`wfw:commentRss`).
"""

from __future__ import annotations

import io
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import cache, partial
from typing import Any, Final
from urllib.parse import quote, urljoin, urlsplit
from xml.parsers import expat

import feedparser
from feedparser import api

from services.ingest.connectors.feeds.entities import spelt
from services.ingest.connectors.feeds.json_feed import is_json, read_json_feed
from services.ingest.connectors.feeds.tombstones import tombstones
from services.ingest.domain.markup import unescaped
from services.ingest.domain.text import from_html
from shared.xapi.model import JSON

MOST_ENTRIES: Final = 300
LARGEST_BROKEN: Final = 512 * 1024
"""What is no XML is read with patience, and slowly: no more of it than this."""
DECLARED: Final = re.compile(rb"""<\?xml\s[^>]{0,60}?\bencoding\s{0,9}=\s{0,9}["']([A-Za-z][A-Za-z0-9._-]{1,30})["']""")
"""Which encoding an XML document says that it has (XML 1.0, section 4.3.3)."""
EAST_ASIAN: Final = frozenset(
    {"big5", "big5-hkscs", "euc-jp", "euc-kr", "gb2312", "gbk", "gb18030", "iso-2022-jp", "iso-2022-kr", "shift-jis"}
)
WITH_NAME: Final = re.compile(r"([^\s@]+@\S+) +\((.+)\)")
"""An author in RSS 2.0."""
NOT_IN_IRIS: Final = re.compile(r"[\s<>\"{}|\\^`]")
"""RFC 3987, section 2.2."""
LONGEST_TITLE: Final = 500
LONGEST_AUTHOR: Final = 500
MOST_ATTRIBUTES: Final = 200
LONGEST_ADDRESS: Final = 2000
YEAR_MONTH_DAY: Final = 8
HOURS_AHEAD: Final = {
    "WEST": 1, "BST": 1, "CET": 1, "MEZ": 1, "CEST": 2, "MESZ": 2, "EET": 2, "EEST": 3, "MSK": 3,
    "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
}  # fmt: skip
"""Names of time zones that feeds write and RFC 822 does not have: feedparser takes them for GMT."""


def parsed(body: bytes, address: str) -> JSON:
    """Parse the feed that stands at *address*; return None where it is none."""
    if is_json(body):
        return read_json_feed(body, partial(_address, base=address), MOST_ENTRIES)
    if len(body) > LARGEST_BROKEN and not is_xml(body):
        return None
    body = spelt(body)
    _bound()
    headers = {"content-location": address} if address else {}
    try:
        found = feedparser.parse(io.BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False)
    except Exception:  # noqa: BLE001  of what is broken in unusual ways it raises whatever comes up
        return None
    if not found.get("version"):
        return None
    html = str(found["version"]).startswith("rss")
    entries: list[JSON] = [_entry(each, address, html=html) for each in found.get("entries", ())[:MOST_ENTRIES]]
    author, minutes = _author(found["feed"]), _text(found["feed"], "ttl")
    return {"author": author, "minutes": minutes, "entries": entries, "gone": tombstones(body)}


@cache
def _bound() -> None:
    """Make feedparser read strangers' feeds in linear time.

    By itself it looks for an e-mail address at each letter of an author, and for each attribute among all others of its element,
    so that 60 KB of either take seconds and 8 MB days.
    """
    api.StrictFeedParser = type("StrictFeedParser", (_Bounded, api.StrictFeedParser), {})
    api.LooseFeedParser = type("LooseFeedParser", (_Bounded, api.LooseFeedParser), {})


class _Bounded:
    """What stands before feedparser's own methods."""

    def _sync_author_detail(self, key: str = "author") -> None:
        """Do not take apart an author that is too long to be a name."""
        if len(self._get_context().get(key) or "") <= LONGEST_AUTHOR:  # type: ignore[attr-defined]  # feedparser's
            super()._sync_author_detail(key)  # type: ignore[misc]  # idem

    def startElementNS(self, name: Any, qname: Any, attrs: Any) -> None:  # noqa: N802  the name is xml.sax's
        """Refuse an element with too many attributes. Raises ValueError, which `parsed` handles."""
        if len(attrs) > MOST_ATTRIBUTES:
            raise ValueError("too many attributes")
        super().startElementNS(name, qname, attrs)  # type: ignore[misc]  # feedparser's


def is_xml(body: bytes) -> bool:
    """Say whether *body* is well-formed XML, but for characters that HTML names; expat itself refuses entities that blow up.

    It knows no encodings in which a character takes several bytes but Unicode's: those of East Asia are turned into UTF-8 for it.
    """
    body = spelt(body)
    declared = DECLARED.match(body)
    encoding = declared[1].decode().lower().replace("_", "-") if declared else ""
    try:
        if encoding in EAST_ASIAN:
            expat.ParserCreate("utf-8").Parse(body.decode(encoding).encode(), True)
        else:
            expat.ParserCreate().Parse(body, True)
    except (expat.ExpatError, ValueError, LookupError):
        return False
    return True


def _entry(entry: Mapping[str, Any], base: str, *, html: bool) -> JSON:
    reply, content = _get(entry, "thr_in-reply-to"), _get(entry, "content")
    body = content[0] if isinstance(content, list) and content else None
    return {
        "id": _text(entry, "id"),
        "link": _address(_text(entry, "link"), base),
        "title": _title(entry, html=html),
        "published": _moment(entry, "published"),
        "updated": _moment(entry, "updated"),
        "author": _author(entry),
        "sourceAuthor": _author(taken_from) if isinstance(taken_from := _get(entry, "source"), Mapping) else None,
        "categories": [each for each in (_text(tag, "term") for tag in _several(entry, "tags")) if each],
        "content": _text(body, "value") or _text(entry, "summary"),
        "replyTo": {"ref": _text(reply, "ref"), "href": _text(reply, "href")} if isinstance(reply, Mapping) else None,
        "comments": _text(entry, "wfw_commentrss") or _replies(entry),
        "count": _text(entry, "slash_comments") or _text(entry, "thr_total"),
        "verb": _text(entry, "activity_verb"),
        "enclosures": [each for link in _links(entry, "enclosure") if (each := _address(_text(link, "href"), base))],
    }


def _address(written: str | None, base: str) -> str | None:
    """Return an address whole, and as an IRI: what none has in it is written as %20 and the like."""
    if written is None or len(written) > LONGEST_ADDRESS:
        return None
    with suppress(ValueError):
        if base and not urlsplit(written).scheme:
            written = urljoin(base, written)
    return NOT_IN_IRIS.sub(lambda found: quote(found[0]), written)


def _title(entry: Mapping[str, Any], *, html: bool) -> str | None:
    """Return the title without its tags where it has any; *html* says that also a plain one may have entities, as RSS does."""
    written = (_text(entry, "title") or "")[:LONGEST_TITLE]
    if _text(_get(entry, "title_detail"), "type") == "text/plain":
        return (unescaped(written) if html else written).strip() or None
    return from_html(written) or None


def _author(thing: Mapping[str, Any]) -> JSON:
    """Return what is said of the first author, gathered: dialects spread a name and an address over several elements."""
    people = _several(thing, "authors")
    if written := WITH_NAME.fullmatch(_text(thing, "author") or ""):  # feedparser cuts addresses at domains such as .example
        people = [{"email": written[1], "name": written[2]}]
    found = {
        name: next((said for each in people if (said := _text(each, key))), None)
        for name, key in (("name", "name"), ("uri", "href"), ("email", "email"))
    }
    return found if any(found.values()) else None


def _replies(entry: Mapping[str, Any]) -> str | None:
    """Return where the feed of replies stands (RFC 4685, section 4)."""
    found = (_text(each, "href") for each in _links(entry, "replies") if "html" not in (_text(each, "type") or ""))
    return next((each for each in found if each), None)


def _links(entry: Mapping[str, Any], relation: str) -> list[Mapping[str, Any]]:
    return [each for each in _several(entry, "links") if _text(each, "rel") == relation]


def _moment(entry: Mapping[str, Any], name: str) -> str | None:
    """Return a time as it is written, or, where that is not of ISO 8601, as it was understood."""
    written, understood = _text(entry, name), _get(entry, f"{name}_parsed")
    if written and written[:4].isdecimal() and "T" in written:
        return written
    if written and written.isdecimal() and len(written) > YEAR_MONTH_DAY:
        return None  # seconds, in which a year would be read
    zone = written.rpartition(" ")[2].upper() if written else ""
    with suppress(ValueError, TypeError, OverflowError):
        return time.strftime(f"%Y-%m-%dT%H:%M:%S+{HOURS_AHEAD.get(zone, 0):02}:00", understood) if understood else None
    return None


def _several(thing: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = _get(thing, name)
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def _text(thing: Any, name: str) -> str | None:
    found = _get(thing, name)
    return found.strip() or None if isinstance(found, str) else None


def _get(thing: Any, name: str) -> Any:
    """Return what is there under *name* itself: feedparser answers some names with what stands under others."""
    return dict.get(thing, name) if isinstance(thing, dict) else None

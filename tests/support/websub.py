"""A blog with a hub as the tests play it: what the hub delivers, by what is read of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from services.ingest.domain.source import Platform, SourceId
from tests.support.feeds import BLOG, HOME, NAMESPACES, POSTS
from tests.support.ingest import Sent

HUB = "https://hub.example/hub"
HUBBED = replace(BLOG, id=SourceId("hubbed"), platform=Platform.WEBSUB, options={"feed": POSTS, "hub": HUB})


def post(name: str, author: str, title: str, at: str, **more: Any) -> dict[str, Any]:
    """Return what is read of an entry."""
    return {
        "id": f"tag:acme,2026:{name}",
        "link": f"{HOME}/{name}",
        "title": title,
        "published": f"2026-03-02T{at}Z",
        "updated": f"2026-03-02T{at}Z",
        "author": {"name": author, "uri": f"{HOME}/people/{author}", "email": f"{author}@acme.example"},
        "content": "<p>Drain it first.</p>",
        **more,
    }


def comment(number: int, author: str, at: str, to: str, **more: Any) -> dict[str, Any]:
    """Return what is read of a comment upon the post *to*."""
    upon = {"ref": f"tag:acme,2026:{to}", "href": f"{HOME}/{to}"}
    return post(f"{to.partition('#')[0]}#comment-{number}", author, "Re", at, replyTo=upon, **more)


def hub(*entries: dict[str, Any]) -> Sent:
    """Return a delivery of *entries*."""
    return Sent(HUBBED, {"author": None, "entries": list(entries)}, {"content-type": "application/atom+xml"}, written)


def written(feed: Any) -> bytes:
    """Write a feed in Atom, whatever stands in it."""
    entries = feed.get("entries") if isinstance(feed, Mapping) else None
    inner = "".join(_entry(each) for each in entries) if isinstance(entries, list) else "<entry/>"
    return f"<feed {NAMESPACES}><id>x</id>{inner}</feed>".encode(errors="replace")


def _entry(entry: Any) -> str:
    if not isinstance(entry, Mapping):
        return f"<entry>{escape(str(entry))}</entry>"
    texts = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in entry.items() if name in TEXTS)
    links = f"<link href={quoteattr(str(entry.get('link')))}/>" if "link" in entry else ""
    people = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in _items(entry.get("author")))
    to = " ".join(f"{name}={quoteattr(str(value))}" for name, value in _items(entry.get("replyTo")))
    reply = f"<thr:in-reply-to {to}/>" if to else ""
    return f"<entry>{texts}{links}<author>{people}</author>{reply}</entry>"


TEXTS = frozenset({"id", "title", "published", "updated", "content"})


def _items(value: Any) -> list[tuple[str, Any]]:
    return list(value.items()) if isinstance(value, Mapping) else []


def websub_conversation() -> list[Sent]:
    """Posts, comments upon them and upon one another, and what was changed."""
    brokers, notes = post("brokers", "ann", "How we restart brokers", "12:00:00"), post("notes", "bea", "Notes", "12:10:00")
    return [
        hub(brokers),
        hub(notes, brokers),
        hub(comment(1, "cy", "12:05:00", "brokers")),
        hub(comment(2, "ann", "12:06:00", "brokers"), comment(3, "bea", "12:07:00", "brokers#comment-2")),
        hub({**brokers, "title": "How we restart them", "updated": "2026-03-02T13:00:00Z"}),
        hub(comment(4, "cy", "12:30:00", "notes"), comment(5, "dan", "12:31:00", "notes")),
        hub(post("third", "dan", "Third", "14:00:00"), {"id": "tag:acme,2026:broken"}),
        hub(),
    ]

"""Pages that name one of ours, as the tests play them, and the claims that they do."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from services.ingest.domain.asking import Answer
from services.ingest.domain.reading import Lookup
from services.ingest.domain.source import Keeps, Platform, Policy, Source, SourceId
from tests.support.ingest import SECRET, Sent

HOME = "https://blog.acme.example"
TARGET = f"{HOME}/brokers"
MENTIONS = Source(SourceId("mentions"), Platform.WEBMENTION, HOME, (SECRET,), Policy(keeps=Keeps.TEXT))
ANN = "https://ann.example/"
AUTHOR = '<a class="p-author h-card" href="/">Ann</a>'
EXTENSIONS = ("vouch", "code", "realm", "secret", "callback", "format", "jsonp", "private")
TIME = '<time class="dt-published" datetime="2026-03-02T12:00:00Z">noon</time>'


def webmention(page: str, target: str = TARGET) -> Sent:
    """Return the claim that *page* names *target*, with what extensions of Webmention add."""
    fields = {"source": page, "target": target, **dict.fromkeys(EXTENSIONS, "https://ann.example/")}
    return Sent(MENTIONS, fields, {"content-type": "application/x-www-form-urlencoded"}, as_form)


def as_form(document: Any) -> bytes:
    return urlencode(document if isinstance(document, dict) else {"source": document}).encode(errors="replace")


def lookup(page: str, target: str = TARGET) -> Lookup:
    """Return what is to be asked for, as the door notes it."""
    return Lookup(f"{page} {target}", {"source": page, "target": target}, "2026-03-02T12:30:00.000Z")


def entry(inner: str, author: str = AUTHOR, time: str = TIME) -> Answer:
    """Return a page with an entry."""
    page = f"<html><body><article class='h-entry'>{author}{time}{inner}</article></body></html>"
    return Answer(200, {"content-type": "text/html; charset=utf-8"}, page.encode())


def link(kind: str, target: str = TARGET) -> str:
    """Return a link of an entry by which it responds to *target*."""
    return f"<a class='{kind}' href='{target}'>this</a>"


REPLY = entry(link("u-in-reply-to") + "<p class='e-content'>Drain it <b>first</b>.</p>")
PAGES = {
    f"{ANN}reply": REPLY,
    f"{ANN}like": entry(link("u-like-of")),
    f"{ANN}share": entry(link("u-repost-of")),
    f"{ANN}bookmark": entry(link("u-bookmark-of")),
    f"{ANN}rsvp": entry(link("u-in-reply-to") + "<data class='p-rsvp' value='yes'></data>"),
    f"{ANN}mention": entry(f"<div class='e-content'>I read <a href='{TARGET}'>this</a>.</div>"),
}

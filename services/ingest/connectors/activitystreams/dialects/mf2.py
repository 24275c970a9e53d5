"""Microformats2 (microformats.org/wiki/h-entry, its parsed form) in the words of ActivityStreams 2.0.

What an entry is follows from its properties (w3.org/TR/post-type-discovery).
"""

from __future__ import annotations

from html import escape
from typing import Final

from services.ingest.connectors.activitystreams.objects import several
from services.ingest.connectors.fields import member
from shared.xapi.model import JSON

RESPONSES: Final = {
    "like-of": "Like",
    "repost-of": "Announce",
    "bookmark-of": "Bookmark",
    "follow-of": "Follow",
    "invitee": "Invite",
    "tag-of": "Add",
}
"""What an entry does, by the property that names what it does it to: the first that is there."""
ANSWERS: Final = {"yes": "Accept", "no": "Reject", "maybe": "TentativeAccept", "interested": "TentativeAccept"}
CARDS: Final = {"organization": "Organization", "person": "Person"}
DEEPEST: Final = 6


def is_mf2(document: JSON) -> bool:
    """Say whether *document* is an item of microformats2."""
    kinds = several(member(document, "type"))
    return isinstance(member(document, "properties"), dict) and any(isinstance(each, str) and each[:2] == "h-" for each in kinds)


def from_mf2(item: JSON, depth: int = 0) -> JSON:
    """Return an item in ActivityStreams 2.0; what is none is returned as it is."""
    if not is_mf2(item) or depth > DEEPEST:
        return item
    kinds = {each for each in several(member(item, "type")) if isinstance(each, str)}
    if "h-card" in kinds:
        return _card(item)
    if "h-event" in kinds:
        return {**_plain(item, depth), "type": "Event"}
    return _entry(item, depth)


def entries(page: JSON, depth: int = 0) -> list[JSON]:
    """Return the entries of a page as they stand, those within feeds and events too."""
    items = [*several(member(page, "items")), *several(member(page, "children"))]
    found = [page] if is_mf2(page) and "h-feed" not in several(member(page, "type")) else []
    return found + ([each for item in items for each in entries(item, depth + 1)] if depth < DEEPEST else [])


def values(item: JSON, name: str) -> list[JSON]:
    """Return the values of a property."""
    return several(member(item, "properties", name))


def _entry(item: JSON, depth: int) -> JSON:
    written = _plain(item, depth)
    answer = _text(item, "rsvp")
    if answer is not None:
        events = [_event(each, depth) for each in values(item, "in-reply-to")]
        return {**_activity(written), "type": ANSWERS.get(answer.casefold(), "Ignore"), "object": events}
    for name, kind in RESPONSES.items():
        if things := values(item, name):
            return {**_activity(written), "type": kind, "object": [from_mf2(each, depth + 1) for each in things]}
    if replied := values(item, "in-reply-to"):
        return {**_unnamed(written), "type": "Note", "inReplyTo": [from_mf2(each, depth + 1) for each in replied]}
    return {**written, "type": "Article"} if _is_titled(item) else {**_unnamed(written), "type": "Note"}


def _plain(item: JSON, depth: int) -> dict[str, JSON]:
    """Return what any item says of itself."""
    authors = [from_mf2(each, depth + 1) for each in values(item, "author")]
    content = next(iter(values(item, "content")), None)
    html = member(content, "html")
    written: dict[str, JSON] = {
        "id": _text(item, "uid"),
        "url": [each for each in values(item, "url") if isinstance(each, str)],
        "name": _text(item, "name"),
        "content": html if isinstance(html, str) else escape(content, quote=False) if isinstance(content, str) else None,
        "published": _text(item, "published"),
        "updated": _text(item, "updated"),
        "attributedTo": authors,
        "tag": [_tag(each) for each in values(item, "category")],
        "attachment": [
            {"type": kind, "url": member(each, "value") or each}
            for name, kind in (("audio", "Audio"), ("video", "Video"))
            for each in values(item, name)
        ],
    }
    return {name: value for name, value in written.items() if value}


def _activity(written: dict[str, JSON]) -> dict[str, JSON]:
    """Return an act: who wrote of it did it, and its words are none of what it was done to."""
    authors = {"actor": written["attributedTo"]} if "attributedTo" in written else {}
    return {name: value for name, value in written.items() if name in ("id", "url", "published", "updated")} | authors


def _card(item: JSON) -> JSON:
    written = {"id": _text(item, "uid"), "url": [each for each in values(item, "url") if isinstance(each, str)]}
    kind = CARDS.get(_text(item, "kind") or "person", "Person")
    return {"type": kind, "name": _text(item, "name"), **{name: value for name, value in written.items() if value}}


def _event(thing: JSON, depth: int) -> JSON:
    """Return what an invitation is answered of: an event, though only its address may be told."""
    found = from_mf2(thing, depth + 1)
    return {**found, "type": "Event"} if isinstance(found, dict) else {"type": "Event", "id": found}


def _tag(category: JSON) -> JSON:
    return _card(category) if is_mf2(category) else {"type": "Hashtag", "name": category}


def _is_titled(item: JSON) -> bool:
    """Say whether an entry has a title of its own, that is not just the beginning of what it says."""
    name, content = _text(item, "name"), next(iter(values(item, "content")), None)
    said = content if isinstance(content, str) else member(content, "value")
    if name is None:
        return False
    squeezed = "".join(said.split()) if isinstance(said, str) else ""
    return not squeezed.startswith("".join(name.split())) or not squeezed


def _unnamed(written: dict[str, JSON]) -> dict[str, JSON]:
    """Leave out the name that parsers give to what has none."""
    return {name: value for name, value in written.items() if name != "name"}


def _text(item: JSON, name: str) -> str | None:
    found = next(iter(values(item, name)), None)
    found = member(found, "value") if isinstance(found, dict) else found
    return found.strip() or None if isinstance(found, str) else None

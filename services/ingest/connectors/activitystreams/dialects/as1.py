"""ActivityStreams 1.0 (activitystrea.ms/specs/json/1.0, and its base schema) in the words of 2.0."""

from __future__ import annotations

from typing import Final

from services.ingest.connectors.activitystreams.objects import several
from services.ingest.connectors.fields import member
from shared.xapi.model import JSON

VERBS: Final = {
    "post": "Create",
    "like": "Like",
    "favorite": "Like",
    "react": "EmojiReact",
    "dislike": "Dislike",
    "share": "Announce",
    "follow": "Follow",
    "join": "Join",
    "leave": "Leave",
    "rsvp-yes": "Accept",
    "rsvp-no": "Reject",
    "rsvp-maybe": "TentativeAccept",
    "rsvp-interested": "TentativeAccept",
    "invite": "Invite",
    "accept": "Accept",
    "reject": "Reject",
    "update": "Update",
    "delete": "Delete",
    "undo": "Undo",
    "tag": "Add",
    "block": "Block",
    "flag-as-inappropriate": "Flag",
}
UNDOING: Final = {"unlike": "Like", "unfavorite": "Like", "stop-following": "Follow", "unfollow": "Follow", "unshare": "Announce"}
TYPES: Final = {
    "activity": "Activity",
    "article": "Article",
    "audio": "Audio",
    "collection": "Collection",
    "comment": "Note",
    "event": "Event",
    "file": "Document",
    "group": "Group",
    "hashtag": "Hashtag",
    "image": "Image",
    "mention": "Mention",
    "note": "Note",
    "organization": "Organization",
    "page": "Page",
    "person": "Person",
    "application": "Application",
    "service": "Service",
    "question": "Question",
    "video": "Video",
}
SAME: Final = frozenset({"id", "url", "content", "published", "updated", "endTime", "to", "cc", "audience", "context"})
OTHERWISE: Final = {"displayName": "name", "author": "attributedTo", "options": "oneOf"}
DEEPEST: Final = 8


def is_as1(document: JSON) -> bool:
    """Say whether *document* is an activity or an object of ActivityStreams 1.0."""
    return isinstance(document, dict) and "type" not in document and ("verb" in document or "objectType" in document)


def from_as1(document: JSON, depth: int = 0) -> JSON:
    """Return *document* in ActivityStreams 2.0; what is written otherwise is returned as it is."""
    if isinstance(document, list) and depth < DEEPEST:
        return [from_as1(each, depth + 1) for each in document]
    if not isinstance(document, dict) or depth >= DEEPEST:
        return document
    written = _plain(document, depth)
    verb = document.get("verb")
    if not isinstance(verb, str):
        kind = document.get("objectType")
        return {**written, "type": TYPES.get(kind, kind)} if isinstance(kind, str) else written
    if targets := _bookmarked(document):
        return {**written, "type": "Bookmark", "object": targets}
    if verb in UNDOING:
        undone = {"type": UNDOING[verb], "object": written.get("object")}
        return {**written, "type": "Undo", "object": undone}
    if verb.startswith("rsvp-"):
        written["object"] = [_event(each) for each in several(written.get("object"))]
    return {**written, "type": VERBS.get(verb, verb)}


def _plain(document: dict[str, JSON], depth: int) -> dict[str, JSON]:
    """Rename what only has another name; a note that is attached to another is quoted by it."""
    written = {name: value for name, value in document.items() if name in SAME}
    written |= {new: from_as1(document[old], depth + 1) for old, new in OTHERWISE.items() if old in document}
    for name in ("actor", "object", "inReplyTo"):
        if name in document:
            written[name] = from_as1(document[name], depth + 1)
    tags = [_tag(each, depth) for each in several(document.get("tags"))]
    files = [_file(each, depth) for each in several(document.get("attachments"))]
    quoted = [each for each in files if member(each, "type") == "Note"]
    if isinstance(url := document.get("url"), dict):
        written["url"] = url.get("value")
    written |= {name: found for name, found in (("tag", tags), ("attachment", files), ("quote", quoted)) if found}
    return written


def _tag(tag: JSON, depth: int) -> JSON:
    """Return a tag; a mention is named by where it leads."""
    if member(tag, "objectType") == "mention":
        return {"type": "Mention", "href": member(tag, "url") or member(tag, "id"), "name": member(tag, "displayName")}
    return from_as1(tag, depth + 1)


def _file(attached: JSON, depth: int) -> JSON:
    """Return what came with an object; a recording stands where its stream is."""
    streams = several(member(attached, "stream"))
    written = from_as1(attached, depth + 1)
    return {**written, "url": member(streams[0], "url")} if streams and isinstance(written, dict) else written


def _event(thing: JSON) -> JSON:
    """Return what an invitation is answered of: an event, though only its address may be told."""
    return {**thing, "type": "Event"} if isinstance(thing, dict) else {"type": "Event", "id": thing}


def _bookmarked(document: dict[str, JSON]) -> list[JSON]:
    things = several(document.get("object"))
    return [found for each in things if member(each, "objectType") == "bookmark" and (found := member(each, "targetUrl"))]

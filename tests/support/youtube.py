"""YouTube as the tests play it: what its hub delivers, and what the Data API answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import orjson

from services.ingest.domain.reading import Lookup
from services.ingest.domain.source import Keeps, Platform, Policy, Source, SourceId
from tests.support.ingest import SECRET, Sent

CHANNEL = "UCacmeacmeacmeacmeacmeac"
YOUTUBE = Source(
    SourceId("tube"),
    Platform.YOUTUBE,
    "https://www.youtube.com",
    (SECRET,),
    Policy(keeps=Keeps.TEXT),
    options={"channel": CHANNEL},
    token=b"key",
)
NAMESPACES = (
    'xmlns="http://www.w3.org/2005/Atom" xmlns:yt="http://www.youtube.com/xml/schemas/2015"'
    ' xmlns:at="http://purl.org/atompub/tombstones/1.0"'
)
TEXTS = frozenset({"id", "title", "published", "updated"})


def video(name: str, title: str, at: str, updated: str = "") -> dict[str, Any]:
    """Return what is read of a video's entry: published at *at*, told of at *updated*."""
    return {
        "id": f"yt:video:{name}",
        "link": f"https://www.youtube.com/watch?v={name}",
        "title": title,
        "published": f"2026-03-02T{at}+00:00",
        "updated": f"2026-03-02T{updated or at}.552394234+00:00",
        "author": {"name": "Acme", "uri": f"https://www.youtube.com/channel/{CHANNEL}"},
    }


def hub(*entries: Any, gone: Any = ()) -> Sent:
    """Return a delivery of the hub."""
    return Sent(YOUTUBE, {"entries": list(entries), "gone": list(gone)}, {"content-type": "application/atom+xml"}, written)


def written(feed: Any) -> bytes:
    """Write a delivery in Atom, whatever stands in it."""
    entries, gone = (feed.get(name) if isinstance(feed, Mapping) else None for name in ("entries", "gone"))
    inner = "".join(_entry(each) for each in entries) if isinstance(entries, list) else "<entry/>"
    inner += "".join(_tombstone(each) for each in gone) if isinstance(gone, list) else ""
    return f"<feed {NAMESPACES}><id>x</id>{inner}</feed>".encode(errors="replace")


def _entry(entry: Any) -> str:
    if not isinstance(entry, Mapping):
        return f"<entry>{escape(str(entry))}</entry>"
    texts = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in entry.items() if name in TEXTS)
    author = entry.get("author")
    people = author.items() if isinstance(author, Mapping) else ()
    named = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in people)
    return f"<entry>{texts}<author>{named}</author></entry>"


def _tombstone(gone: Any) -> str:
    if not isinstance(gone, Mapping):
        return "<at:deleted-entry/>"
    reference, when = quoteattr(f"yt:video:{gone.get('id')}"), quoteattr(str(gone.get("deleted")))
    return f"<at:deleted-entry ref={reference} when={when}><at:by/></at:deleted-entry>"


def youtube_conversation() -> list[Sent]:
    """Videos, one of them renamed, one removed."""
    videos = [video(f"-video_{number}", f"Part {number}", f"12:0{number}:00") for number in range(6)]
    renamed = video("-video_1", "Part one", "12:01:00", "15:00:00")
    again = video("-video_1", "Part I", "12:01:00", "16:00:00")
    return [
        *map(hub, videos),
        hub(videos[0], videos[2]),
        hub(renamed),
        hub(again, renamed),
        hub(gone=[{"id": "-video_5", "deleted": "2026-03-02T17:00:00+00:00"}]),
    ]


def comment(name: str, author: str, said: str, at: str, updated: str = "", **more: Any) -> dict[str, Any]:
    """Return a comment, as the Data API shows it."""
    snippet = {
        "videoId": "-video_0",
        "textDisplay": said,
        "textOriginal": said,
        "authorDisplayName": f"@{author}",
        "authorChannelId": {"value": f"UC{author}"},
        "likeCount": 3,
        "publishedAt": f"2026-03-02T{at}Z",
        "updatedAt": f"2026-03-02T{updated or at}Z",
    }
    return {"kind": "youtube#comment", "id": name, "snippet": {**snippet, **more}}


def thread(first: dict[str, Any], *replies: dict[str, Any], count: int = 0) -> dict[str, Any]:
    """Return a thread of comments, as the Data API shows it."""
    snippet = {"videoId": "-video_0", "topLevelComment": first, "totalReplyCount": count or len(replies), "isPublic": True}
    return {"id": first["id"], "snippet": snippet, **({"replies": {"comments": list(replies)}} if replies else {})}


ASKED = comment("Ugx1", "ann", "How do you restart it?", "13:00:00")
ANSWER = comment("Ugx1.a", "bea", "Drain it first.", "13:01:00", parentId="Ugx1")
PRAISE = comment("Ugx2", "cy", "Well explained.", "13:02:00")
EDITED = comment("Ugx3", "dan", "Well explained!", "13:03:00", "13:30:00")
REPLIES = Lookup("Ugx1 9", {"parent": "Ugx1", "video": "-video_0"})


def threads(*found: Any) -> bytes:
    """Return the newest threads."""
    told = found or (thread(PRAISE), thread(EDITED), thread(ASKED, ANSWER, count=9))
    return orjson.dumps({"kind": "youtube#commentThreadListResponse", "items": told})


def replies(*found: Any, page: str = "") -> bytes:
    """Return a page of the replies to a thread."""
    return orjson.dumps({"items": found or (ANSWER,), **({"nextPageToken": page} if page else {})})


def uploads() -> bytes:
    """Return the newest uploads."""
    items = [
        {
            "snippet": {"channelId": CHANNEL, "videoOwnerChannelId": CHANNEL, "title": f"Part {number}"},
            "contentDetails": {"videoId": f"-video_{number}", "videoPublishedAt": f"2026-03-02T12:0{number}:00Z"},
        }
        for number in range(3)
    ]
    return orjson.dumps({"items": items})

"""Bluesky as the tests play it: what its AppView and a personal data server answer."""

from __future__ import annotations

from typing import Any

import orjson

from services.ingest.connectors.bluesky import BLUESKY as CONNECTOR
from services.ingest.domain.asking import Answer
from services.ingest.domain.reading import Lookup, Reading, Reason, ignored
from services.ingest.domain.source import Keeps, Platform, Policy, Source, SourceId
from tests.support.ingest import SECRET

BLUESKY = Source(
    SourceId("sky"),
    Platform.BLUESKY,
    "https://bsky.app",
    (SECRET,),
    Policy(keeps=Keeps.TEXT),
    options={"search": "#kafka", "feed": "acme.example", "repository": "did:plc:ann"},
)


def uri(author: str, key: str, collection: str = "app.bsky.feed.post") -> str:
    return f"at://did:plc:{author}/{collection}/{key}"


def profile(name: str, **more: Any) -> dict[str, Any]:
    return {"did": f"did:plc:{name}", "handle": f"{name}.acme.example", "displayName": name.title(), "labels": [], **more}


def post(key: str, author: str, text: str, at: str, **record: Any) -> dict[str, Any]:
    """Return a post as it is shown, written at *at* (a time of the day)."""
    written = {"$type": "app.bsky.feed.post", "text": text, "createdAt": f"2026-03-02T{at}Z", "langs": ["en"], **record}
    return {
        "uri": uri(author, key),
        "cid": f"bafy{key}",
        "author": profile(author),
        "record": written,
        "replyCount": 0,
        "repostCount": 0,
        "likeCount": 0,
        "indexedAt": f"2026-03-02T{at}Z",
    }


def replies_to(parent: dict[str, Any], root: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return that a post replies to *parent*, in the thread that *root* began."""
    return {"parent": {"uri": parent["uri"], "cid": "c"}, "root": {"uri": (root or parent)["uri"], "cid": "c"}}


def facet(kind: str, **what: Any) -> dict[str, Any]:
    return {"index": {"byteStart": 0, "byteEnd": 3}, "features": [{"$type": f"app.bsky.richtext.facet#{kind}", **what}]}


def record(collection: str, key: str, subject: Any, at: str) -> dict[str, Any]:
    """Return a record of Ann's repository."""
    value = {"$type": collection, "subject": subject, "createdAt": f"2026-03-02T{at}Z"}
    return {"uri": uri("ann", key, collection), "cid": "c", "value": value}


ASKED = {
    **post("ask", "ann", "How do I restart the #Kafka broker?", "12:00:00", facets=[facet("tag", tag="Kafka")]),
    "replyCount": 2,
}
ANSWER = post(
    "answer", "bea", "Drain it, @ann.", "12:01:00", reply=replies_to(ASKED), facets=[facet("mention", did="did:plc:ann")]
)
THANKS = post("thanks", "ann", "Thanks!", "12:02:00", reply=replies_to(ANSWER, ASKED))
PICTURE = {"$type": "app.bsky.embed.images#view", "images": [{"fullsize": "https://cdn.bsky.app/1.jpg", "alt": ""}]}
QUOTE = {
    **post(
        "quote", "cy", "Worth a read.", "12:03:00", embed={"$type": "app.bsky.embed.record", "record": {"uri": ANSWER["uri"]}}
    ),
    "embed": PICTURE,
    "likeCount": 3,
}
REPOST = {
    "post": ANSWER,
    "reason": {"$type": "app.bsky.feed.defs#reasonRepost", "by": profile("cy"), "indexedAt": "2026-03-02T12:04:00Z"},
}
THREAD = Lookup("t", {"do": "thread", "uri": ASKED["uri"]})
LIKES = Lookup(f"{QUOTE['uri']} likes:3", {"do": "likes", "uri": QUOTE["uri"]})
FOLLOW = record("app.bsky.graph.follow", "f1", "did:plc:bea", "12:06:00")
LIKE = {"actor": profile("bea"), "createdAt": "2026-03-02T12:05:00.000Z", "indexedAt": "2026-03-02T12:05:01.000Z"}


def search(*posts: Any) -> bytes:
    return orjson.dumps({"posts": posts, "cursor": "100"})


def feed(*items: Any) -> bytes:
    return orjson.dumps({"feed": items, "cursor": "2026"})


def thread(root: Any, *replies: Any) -> bytes:
    return orjson.dumps({"thread": {"$type": "app.bsky.feed.defs#threadViewPost", "post": root, "replies": replies}})


def nested(view: Any, *replies: Any) -> dict[str, Any]:
    return {"$type": "app.bsky.feed.defs#threadViewPost", "post": view, "replies": list(replies)}


def likes(*items: Any, cursor: str | None = None) -> bytes:
    return orjson.dumps({"uri": QUOTE["uri"], "likes": items, **({"cursor": cursor} if cursor else {})})


def records(*items: Any) -> bytes:
    return orjson.dumps({"records": items, "cursor": "x"})


def read_sample(source: Source, document: Any) -> Reading:
    """Read something of Bluesky as it would be answered: a post or a feed's item, a thread, or a record of somebody's."""
    kind = document.get("$type", "")
    match kind.rpartition(".")[2]:
        case "defs#postView":
            return _page(source, "search", search(document))
        case "defs#feedViewPost":
            return _page(source, "feed", feed(document))
        case "defs#reasonRepost":
            return _page(source, "feed", feed({"post": ANSWER, "reason": document}))
        case "defs#threadViewPost":
            lookup = Lookup("t", {"do": "thread", "uri": uri("x", "root")})
            assert CONNECTOR.fetch is not None
            return CONNECTOR.fetch.read(source, lookup, Answer(200, {}, thread({}, document)))
        case "post" | "like" | "repost" | "follow" | "profile":
            item = {"uri": uri("somebody", "tid", kind), "value": document}
            return _page(source, "likes", records(item))
        case _:
            return ignored(Reason.UNMAPPED)


def _page(source: Source, poll: str, body: bytes) -> Reading:
    return CONNECTOR.polls[poll].read(source, {}, Answer(200, {}, body)).reading

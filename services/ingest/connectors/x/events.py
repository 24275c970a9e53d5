"""Read a delivery of X: what happened to an account, several things at once, one event of the X Activity API, or a post.

Posts come where a filtered stream is delivered (docs.x.com, "Filtered stream webhooks").
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from services.ingest.connectors.fields import if_whole, member, optional_text, several
from services.ingest.connectors.x import tweets
from services.ingest.connectors.x.acts import read_activity_like, read_deleted, read_follow, read_like
from services.ingest.connectors.x.posts import read_tweet
from services.ingest.domain.reading import Delivery, Reading, Reason, ignored, joined
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

Reader: TypeAlias = Callable[[Source, JSON], Reading]


def read(source: Source, delivery: Delivery) -> Reading:
    """Say what a delivery holds; one event that cannot be read stops none of the others."""
    document = delivery.document
    data = member(document, "data")
    if isinstance(data, dict):
        matched = "event_type" not in data and member(document, "matching_rules") is not None
        return if_whole(_read_matched, source, document) if matched else if_whole(_read_activity, source, data)
    found = [if_whole(reader, source, event) for name, reader in READERS.items() for event in several(document, name)]
    return joined(found)


def _read_created(source: Source, event: JSON) -> Reading:
    return read_tweet(source, tweets.of_v1(event))


def _read_matched(source: Source, document: JSON) -> Reading:
    """Read a post that the rules of a stream match."""
    return read_tweet(source, tweets.of_v2(member(document, "data"), member(document, "includes")))


def _read_message(source: Source, event: JSON) -> Reading:
    del source, event
    return ignored(Reason.DIRECT_MESSAGE)


def _read_activity(source: Source, data: JSON) -> Reading:
    """Read an event of the X Activity API: it shows the post, a deleted or liked one by its name; follows tell no time."""
    kind, payload = optional_text(data, "event_type") or "", member(data, "payload")
    if kind.startswith(("dm.", "chat.")):
        return ignored(Reason.DIRECT_MESSAGE)
    if kind == "post.delete":
        return read_deleted(source, {"status": payload, "timestamp_ms": member(data, "timestamp_ms")})
    if kind.startswith("post.") and kind.endswith(".create"):
        return read_tweet(source, tweets.of_v2(payload, member(data, "includes")))
    if kind == "like.create":
        return read_activity_like(source, data)
    return ignored(Reason.UNMAPPED)


READERS: Final[dict[str, Reader]] = {
    "tweet_create_events": _read_created,
    "favorite_events": read_like,
    "follow_events": read_follow,
    "tweet_delete_events": read_deleted,
    "direct_message_events": _read_message,
}
"""How to read the events of the Account Activity API; what is not here, blocks, mutes, typing, is not mapped."""

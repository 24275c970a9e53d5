"""Read a Mattermost delivery: an outgoing webhook, or an event of the WebSocket (server/public/model of Mattermost)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import orjson

from services.ingest.connectors.fields import Incomplete, member, optional_identifier
from services.ingest.connectors.mattermost.places import ChannelType, channel_of, channel_type
from services.ingest.connectors.mattermost.posts import Post, read_deleted, read_edited, read_posted
from services.ingest.connectors.mattermost.reactions import Reaction, read_reaction
from services.ingest.domain.interaction import Event
from services.ingest.domain.reading import Delivery, Reading, Reason, ignored
from services.ingest.domain.source import Source
from shared.xapi.model import JSON


def read(source: Source, delivery: Delivery) -> Reading:
    """Say what a delivery of Mattermost holds; raise Incomplete where it lacks what it needs."""
    document = delivery.document
    event = member(document, "event")
    if event is None and member(document, "post_id") is not None:
        return read_posted(source, _outgoing(document))
    reader = READERS.get(event) if isinstance(event, str) else None
    return reader(source, document) if reader else ignored(Reason.UNMAPPED)


def _outgoing(document: JSON) -> Post:
    """Return the post of an outgoing webhook, which is told of open channels only and does not say which thread it belongs to."""
    files = member(document, "file_ids")
    shaped = {
        "id": member(document, "post_id"),
        "user_id": member(document, "user_id"),
        "channel_id": member(document, "channel_id"),
        "create_at": member(document, "timestamp"),
        "message": member(document, "text"),
        "file_ids": files.split(",") if isinstance(files, str) and files else [],
    }
    return Post(shaped, ChannelType.OPEN, member(document, "user_name"))


def _post(document: JSON) -> Post:
    data = member(document, "data")
    return Post(_inner(data, "post"), channel_type(data), member(data, "sender_name"))


def _deleted(source: Source, document: JSON) -> Reading:
    return read_deleted(source, _post(document), optional_identifier(document, "data", "delete_by"))


def _reaction(source: Source, document: JSON, happening: Event) -> Reading:
    data = member(document, "data")
    reaction = _inner(data, "reaction")
    named = reaction if member(reaction, "channel_id") else member(document, "broadcast")
    return read_reaction(source, Reaction(reaction, channel_of(named, "channel_id"), channel_type(data)), happening)


def _inner(data: JSON, name: str) -> JSON:
    """Return what stands under *name*: Mattermost writes it as JSON within JSON, who forwards it may have written it out."""
    inner = member(data, name)
    if isinstance(inner, str):
        try:
            inner = orjson.loads(inner)
        except orjson.JSONDecodeError as error:
            raise Incomplete(name) from error
    if not isinstance(inner, dict):
        raise Incomplete(name)
    return inner


READERS: Final[dict[str, Callable[[Source, JSON], Reading]]] = {
    "posted": lambda source, document: read_posted(source, _post(document)),
    "post_edited": lambda source, document: read_edited(source, _post(document)),
    "post_deleted": _deleted,
    "reaction_added": lambda source, document: _reaction(source, document, Event.REACTION_ADDED),
    "reaction_removed": lambda source, document: _reaction(source, document, Event.REACTION_REMOVED),
    "hello": lambda _source, _document: ignored(Reason.HANDSHAKE),
}
"""How to read each event of the WebSocket that is ours."""

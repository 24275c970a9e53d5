"""Read a Discourse delivery: the body's one key says what it is about, a header what happened to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from services.ingest.connectors.discourse.acts import read_like, read_solution, read_vote
from services.ingest.connectors.discourse.badges import read_badge
from services.ingest.connectors.discourse.chat import read_chat
from services.ingest.connectors.discourse.posts import read_post
from services.ingest.connectors.discourse.topics import read_topic
from services.ingest.connectors.fields import member, optional_identifier
from services.ingest.domain.interaction import ChannelId
from services.ingest.domain.reading import Delivery, Reading, Reason, ignored
from services.ingest.domain.source import Source
from shared.xapi.model import JSON

EVENT_HEADER: Final = "x-discourse-event"


READERS: Final[dict[str, Callable[[Source, str, JSON], Reading]]] = {
    "post": read_post,
    "topic": read_topic,
    "like": read_like,
    "solved": read_solution,
    "topic_voting": read_vote,
    "chat_message": read_chat,
    "user_badge": read_badge,
}
"""How to read what stands under a body's key."""


def read(source: Source, delivery: Delivery) -> Reading:
    """Say what a delivery of Discourse holds; raise Incomplete where it lacks what it needs."""
    event = delivery.headers.get(EVENT_HEADER, "")
    for key, reader in READERS.items():
        subject = member(delivery.document, key)
        if isinstance(subject, dict):
            return reader(source, event, subject)
    category = member(delivery.document, "category")
    if category is not None:
        return Reading(closed=_closed(category), ignored=(Reason.UNMAPPED,))
    return ignored(Reason.UNMAPPED if member(delivery.document, "ping") is None else Reason.HANDSHAKE)


def _closed(category: JSON) -> tuple[ChannelId, ...]:
    """Return the category if not everybody may read it."""
    name = optional_identifier(category, "id")
    return (ChannelId(name),) if name and member(category, "read_restricted") is True else ()

"""Read the form of a BigBlueButton delivery: its field `event` is a JSON array of one event, or of several."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from services.ingest.connectors.bigbluebutton import chats, meetings, polls, users
from services.ingest.connectors.fields import Incomplete, Unheard, member, optional_text
from services.ingest.connectors.parsing import form, parsed
from services.ingest.domain.reading import Delivery, Reading, Reason, ignored, joined
from services.ingest.domain.source import Source
from services.ingest.verifiers import Message
from shared.xapi.guard import Limits, Malformed
from shared.xapi.model import JSON

READERS: Final[dict[str, Callable[[Source, JSON], Reading]]] = {
    "meeting-created": meetings.read_created,
    "meeting-ended": meetings.read_ended,
    "rap-publish-ended": meetings.read_recording,
    "rap-deleted": meetings.read_deleted_recording,
    "user-joined": users.read_joined,
    "user-left": users.read_left,
    "user-presenter-assigned": users.read_presenter,
    "user-raise-hand-changed": users.read_hand,
    "user-emoji-changed": users.read_emoji,
    "chat-group-message-sent": chats.read_message,
    "poll-started": polls.read_started,
    "poll-responded": polls.read_response,
}


def parse(message: Message, limits: Limits) -> JSON:
    """Parse the events of a form; where the body is no form, it is the array itself."""
    if message.body.lstrip().startswith(b"["):
        events = parsed(message.body, limits)
    else:
        events = parsed(_event(form(message, limits)).encode(errors="replace"), limits)
    if not isinstance(events, list):
        raise Malformed("array", "The field `event` of a delivery is a JSON array.")
    return {"event": events}


def _event(fields: JSON) -> str:
    event = member(fields, "event")
    if not isinstance(event, str):
        raise Malformed("form", "A delivery is a form with a field `event`.")
    return event


def read(source: Source, delivery: Delivery) -> Reading:
    """Say what a delivery of BigBlueButton holds; an event that lacks what it needs spoils no other."""
    events = member(delivery.document, "event")
    return joined(_read(source, each) for each in events) if isinstance(events, list) else ignored(Reason.UNMAPPED)


def _read(source: Source, event: JSON) -> Reading:
    reader = READERS.get(optional_text(event, "data", "id") or "")
    if reader is None:
        return ignored(Reason.UNMAPPED)
    try:
        return reader(source, member(event, "data"))
    except Unheard as unheard:
        return ignored(unheard.reason)
    except Incomplete:
        return ignored(Reason.INCOMPLETE)

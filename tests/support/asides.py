"""What Slack and Discourse deliver beside a conversation."""

from __future__ import annotations

from typing import Any

from tests.support.discourse import discourse
from tests.support.ingest import Sent
from tests.support.slack import slack_message


def slack_huddle(at: str, **more: Any) -> dict[str, Any]:
    """Return the message that a huddle leaves in its channel; *more* of its room."""
    room = {"id": "R1", "name": "", "created_by": "U1", "date_start": 1772452800, "date_end": 0, "has_ended": False}
    room |= {"participant_history": ["U1", "U2"], "participants": ["U1"], "channels": ["C1"], "call_family": "huddle", **more}
    return slack_message("USLACKBOT", at, "A huddle started", subtype="huddle_thread", room=room)


def slack_star(kind: str, at: str) -> dict[str, Any]:
    """Return that a message was starred, as Slack tells it."""
    item = {
        "type": "message",
        "channel": "C1",
        "message": {"type": "message", "user": "U2", "text": "So.", "ts": "1772452800.000100"},
    }
    return {"type": kind, "user": "U1", "item": {**item, "date_create": 1772453000}, "event_ts": at}


def discourse_chat(event: str, user: int, message: int, said: str, **more: Any) -> Sent:
    """Return what happened to a message of the chat, as Discourse's webhook tells it."""
    written = {"id": message, "message": said, "cooked": f"<p>{said}</p>", "created_at": "2026-03-02T12:30:00.000Z"}
    written |= {"excerpt": said, "user": {"id": user, "username": f"user{user}"}, "mentioned_users": [], "edited": False}
    channel = {
        "id": 3,
        "chatable_id": 5,
        "chatable_type": "Category",
        "title": "Operations",
        "slug": "operations",
        "status": "open",
    }
    channel |= more.pop("channel", {})
    return discourse("chat_message", event, {"message": {**written, **more}, "channel": channel})

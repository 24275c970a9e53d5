"""What Slack and Discourse deliver beside a conversation."""

from __future__ import annotations

from typing import Any

from tests.support.discourse import discourse
from tests.support.ingest import Sent
from tests.support.slack import slack, slack_message


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


def slack_asides() -> list[Sent]:
    """What Slack also delivers, outside of a conversation: who comes and goes, files, mentions, huddles, stars."""
    joined = {
        "type": "member_joined_channel",
        "user": "U1",
        "channel": "C1",
        "channel_type": "C",
        "event_ts": "1772453000.000100",
    }
    members = {"type": "subteam_members_changed", "subteam_id": "S1", "team_id": "T1", "date_update": 1772453100}
    huddle = slack_huddle("1772453300.000100", has_ended=True, date_end=1772454000)
    files = [{"id": "F1", "user": "U1", "name": "plan.pdf", "filetype": "pdf"}]
    return [
        slack(joined),
        slack({**joined, "type": "member_left_channel"}),
        slack({"type": "team_join", "user": {"id": "U9", "team_id": "T1", "is_bot": False}, "event_ts": "1772453050.000100"}),
        slack({**members, "added_users": ["U1", "U2"], "removed_users": ["U3"]}),
        slack(slack_message("U1", "1772453200.000100", "See <@U2> and <@U3|cy>", subtype="file_share", files=files)),
        slack(slack_huddle("1772453300.000100")),
        slack({**slack_message("", "1772454000.000100", ""), "subtype": "message_changed", "message": huddle}),
        slack(slack_star("star_added", "1772453400.000100")),
        slack(slack_star("star_removed", "1772453500.000100")),
    ]


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


def discourse_asides() -> list[Sent]:
    """What Discourse also delivers, outside of a conversation: its chat, and a badge."""
    replied = {"in_reply_to": {"id": 31}, "mentioned_users": [{"id": 13, "username": "user13"}]}
    gone = {"deleted_at": "2026-03-02T12:40:00.000Z", "deleted_by_id": 2}
    badge = {"id": 9, "badge_id": 4, "user_id": 12, "granted_by_id": 11, "granted_at": "2026-03-02T12:50:00.000Z"}
    return [
        discourse_chat("chat_message_created", 11, 31, "Who knows?"),
        discourse_chat("chat_message_created", 12, 32, "I do.", **replied),
        discourse_chat("chat_message_edited", 12, 32, "I do, and @user13.", edited=True, **replied),
        discourse_chat("chat_message_trashed", 12, 32, "I do.", **gone),
        discourse_chat("chat_message_restored", 12, 32, "I do."),
        discourse("user_badge", "user_badge_granted", badge),
    ]

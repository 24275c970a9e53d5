"""Mattermost as the tests play it: its outgoing webhooks, and the events of its WebSocket as they are forwarded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from services.ingest.domain.interaction import ChannelId
from services.ingest.domain.source import Keeps, Platform, Policy, Source, SourceId
from tests.support.ingest import SECRET, Sent, as_json


def named(name: str) -> str:
    """Return *name* as long as Mattermost's ids are."""
    return name.ljust(26, "z")


HELP = named("help")
MATTERMOST = Source(
    SourceId("chat"),
    Platform.MATTERMOST,
    "https://chat.acme.example",
    (SECRET,),
    Policy(channels=frozenset({ChannelId(HELP)}), keeps=Keeps.TEXT),
)


def millis(at: str) -> int:
    """Return the milliseconds of a time of the day."""
    return int(datetime.fromisoformat(f"2026-03-02T{at}+00:00").timestamp() * 1000)


def as_form(document: Mapping[str, Any]) -> bytes:
    """Write *document* as a form."""
    return urlencode({str(name): str(value) for name, value in document.items()}).encode()


def outgoing(post: str, user: str, text: str, at: str, **more: Any) -> dict[str, Any]:
    """Return what an outgoing webhook tells of a post."""
    return {
        "token": SECRET.decode(),
        "team_id": named("team"),
        "team_domain": "acme",
        "channel_id": HELP,
        "channel_name": "help",
        "timestamp": millis(at),
        "user_id": named(user),
        "user_name": user,
        "post_id": named(post),
        "text": text,
        "trigger_word": "",
        "file_ids": "",
        **more,
    }


def by_form(post: str, user: str, text: str, at: str) -> Sent:
    """Return an outgoing webhook whose content type is that of a form: its time is in seconds."""
    document = outgoing(post, user, text, at, timestamp=str(millis(at) // 1000))
    return Sent(MATTERMOST, document, {"content-type": "application/x-www-form-urlencoded"}, as_form)


def by_json(document: Mapping[str, Any]) -> Sent:
    return Sent(MATTERMOST, document, {"content-type": "application/json"})


def post(name: str, user: str, message: str, at: str, **more: Any) -> dict[str, Any]:
    """Return a post as the WebSocket tells it."""
    moment = millis(at)
    return {
        "id": named(name),
        "create_at": moment,
        "update_at": moment,
        "edit_at": 0,
        "delete_at": 0,
        "is_pinned": False,
        "user_id": named(user),
        "channel_id": HELP,
        "root_id": "",
        "original_id": "",
        "message": message,
        "type": "",
        "props": {},
        "hashtags": "",
        "reply_count": 0,
        "metadata": {},
        **more,
    }


def event(name: str, key: str, inner: Mapping[str, Any], **data: Any) -> Sent:
    """Return an event of the WebSocket: what it is about is JSON within JSON."""
    document = {"event": name, "data": {key: as_json(inner).decode(), **data}, "broadcast": {"channel_id": HELP}, "seq": 3}
    return Sent(MATTERMOST, document)


def posted(inner: Mapping[str, Any], kind: str = "O", **data: Any) -> Sent:
    return event("posted", "post", inner, channel_type=kind, channel_name="help", sender_name="@somebody", **data)


def reaction(target: str, user: str, emoji: str, at: str, **more: Any) -> dict[str, Any]:
    moment = millis(at)
    made = {"user_id": named(user), "post_id": named(target), "emoji_name": emoji, "create_at": moment, "update_at": moment}
    return {**made, "delete_at": 0, "channel_id": HELP, **more}


def mattermost_conversation() -> list[Sent]:
    """A question, its answer, files, reactions, an acceptance, who joins, what is taken back; and two outgoing webhooks."""
    asked = post("ask", "ann", "How do I restart the broker? #kafka", "12:00:00", hashtags="#kafka", file_ids=[named("log")])
    answer = post("answer", "bea", "Drain it first.", "12:01:00", root_id=named("ask"))
    edited = {**answer, "message": "Drain it first, please.", "edit_at": millis("12:02:00"), "update_at": millis("12:02:00")}
    thanks = post("thanks", "ann", "Thanks!", "12:03:00", root_id=named("ask"))
    added = {"addedUserId": named("dan"), "userId": named("ann")}
    return [
        posted(asked),
        posted(answer),
        posted(thanks),
        event("post_edited", "post", edited),
        event("reaction_added", "reaction", reaction("answer", "ann", "white_check_mark", "12:04:00")),
        event("reaction_added", "reaction", reaction("answer", "cy", "white_check_mark", "12:04:30")),
        event("reaction_added", "reaction", reaction("ask", "cy", "+1", "12:05:00")),
        event("reaction_removed", "reaction", reaction("ask", "cy", "+1", "12:05:00", delete_at=millis("12:06:00"))),
        event("post_deleted", "post", {**thanks, "delete_at": millis("12:07:00")}),
        event("post_deleted", "post", {**answer, "delete_at": millis("12:08:00")}, delete_by=named("moderator")),
        posted(post("joined", "cy", "cy joined the channel.", "12:09:00", type="system_join_channel")),
        posted(post("added", "ann", "dan added to the channel by ann.", "12:10:00", type="system_add_to_channel", props=added)),
        posted(post("left", "cy", "cy left the channel.", "12:11:00", type="system_leave_channel")),
        by_json(outgoing("first", "ann", "Did anybody try 4.0?", "12:12:00", file_ids=f"{named('one')},{named('two')}")),
        by_form("second", "bea", "It works for me & for all.", "12:13:00"),
    ]

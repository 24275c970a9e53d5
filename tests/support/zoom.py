"""Zoom as the tests play it: deliveries as its webhooks shape them (developers.zoom.us/docs/api/meetings/events)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from services.ingest.connectors.zoom.events import read
from services.ingest.domain.interaction import ChannelId
from services.ingest.domain.reading import Delivery, Reading
from services.ingest.domain.source import Keeps, Platform, Policy, Source, SourceId
from tests.support.ingest import SECRET, Sent

MEETING, WEBINAR, CHANNEL = "84712639219", "93300112233", "7886237a99ff44499add640d98606264"
UUID = "gsqg0HKxTQ2TxSVAxE9+0w=="
ALLOWED = frozenset(map(ChannelId, (MEETING, WEBINAR, CHANNEL)))
ZOOM = Source(SourceId("calls"), Platform.ZOOM, "https://acme.zoom.us", (SECRET,), Policy(channels=ALLOWED, keeps=Keeps.TEXT))


def millis(at: str) -> int:
    """Return a time of the day in milliseconds since 1970."""
    return int(datetime.fromisoformat(f"2026-03-02T{at}+00:00").timestamp() * 1000)


def zoom(event: str, at: str, subject: dict[str, Any], source: Source = ZOOM, **payload: Any) -> Sent:
    """Put *subject* into the envelope of *event*, which happened at *at*."""
    return Sent(source, {"event": event, "event_ts": millis(at), "payload": {"account_id": "AC1", **payload, "object": subject}})


def meeting(number: str | int = MEETING, **more: Any) -> dict[str, Any]:
    """Return a meeting as its events tell it."""
    told = {"id": number, "uuid": UUID, "host_id": "HOST", "topic": "Kafka office hour", "type": 8}
    return {**told, "start_time": "2026-03-02T12:00:00Z", "timezone": "Europe/Berlin", "duration": 60, **more}


def participant(who: str, user_id: str, **more: Any) -> dict[str, Any]:
    """Return a participant; one without an account is a guest."""
    named = {"user_id": user_id, "user_name": who.title() or "Guest", "id": who, "participant_user_id": who}
    return {**named, "participant_uuid": f"55555AAAi{user_id}", "email": f"{who}@acme.example" if who else "", **more}


def joined(who: str, user_id: str, at: str, kind: str = "meeting", **more: Any) -> Sent:
    seen = participant(who, user_id, join_time=f"2026-03-02T{at}Z")
    return zoom(f"{kind}.participant_joined", at, meeting(**more, participant=seen))


def left(who: str, user_id: str, at: str, kind: str = "meeting", **more: Any) -> Sent:
    seen = participant(who, user_id, leave_time=f"2026-03-02T{at}Z", leave_reason=f"{who} left the meeting.")
    return zoom(f"{kind}.participant_left", at, meeting(**more, participant=seen))


def chat(event: str, who: str, at: str, **said: Any) -> Sent:
    """Return an event of Team Chat; who is from elsewhere has no account."""
    operator = {"operator": f"{who}@acme.example" if who else "", "operator_id": who, "operator_member_id": f"M{who}"}
    moment = {"timestamp": millis(at), "date_time": f"2026-03-02T{at[:8]}Z", "channel_id": CHANNEL}
    return zoom(event, at, {**moment, **said}, ZOOM, **operator, by_external_user=not who)


def posted(who: str, message: str, at: str, text: str, **more: Any) -> Sent:
    said = {"message_id": message, "session_id": "s1", "channel_name": "Kafka", "channel_owner_account_id": "AC1"}
    return chat("team_chat.channel_message_posted", who, at, **said, message=text, **more)


def said(presence: str, message: str, at: str, text: str, number: str | int = MEETING, **more: Any) -> Sent:
    """Return that somebody wrote in the chat of a meeting, to everybody there."""
    sender = {"sender_session_id": presence, "sender_name": "Somebody", "sender_type": "guest"}
    written = {"date_time": f"2026-03-02T{at}Z", "message_id": message, "message_content": text, "recipient_type": "everyone"}
    return zoom("meeting.chat_message_sent", at, {"id": number, "uuid": UUID, "chat_message": {**sender, **written, **more}})


def reacted(who: str, message: str, at: str, emoji: str, what: str = "added") -> Sent:
    moments = {"emoji_time": f"2026-03-02T{at[:8]}Z", "msg_time": "2026-03-02T12:00:00Z"}
    return chat(f"team_chat.channel_reaction_{what}", who, at, msg_id=message, emoji=emoji, **moments)


def zoom_session() -> list[Sent]:
    """A meeting: two people, one of whom comes back, a guest, a shared screen, a breakout room, an end."""
    shared = participant("ann", "16778240", sharing_details={"content": "desktop", "date_time": "2026-03-02T12:05:00Z"})
    breakout = participant("bea", "16780000", join_time="2026-03-02T12:10:00Z", parent_user_id="16779264")
    return [
        zoom("meeting.started", "12:00:01", meeting()),
        joined("ann", "16778240", "12:00:05"),
        joined("bea", "16779264", "12:01:00"),
        joined("", "16779999", "12:02:00"),
        zoom("meeting.sharing_started", "12:05:00", meeting(participant=shared)),
        zoom("meeting.participant_joined_breakout_room", "12:10:00", meeting(participant=breakout)),
        left("ann", "16778240", "12:20:05"),
        joined("ann", "16781312", "12:30:05"),
        zoom("meeting.ended", "13:00:00", meeting(end_time="2026-03-02T13:00:00Z")),
        left("ann", "16781312", "12:59:58"),
        left("bea", "16779264", "12:59:59"),
    ]


def zoom_chat() -> list[Sent]:
    """A question in a channel, its answer, a remark from elsewhere, reactions, a bookmark, an edit, a delete, who joins."""
    asked, answer, remark = "AC619306-3DB6-4918", "508CD4CF-4FFD-4644", "B88C3A45-C8BC-4CCD"
    mention = [{"at_contact": "bea@acme.example", "at_contact_user_id": "bea", "at_type": 1, "start_position": 0}]
    kept = {"type": "to_channel", "message_id": answer, "sender": "bea@acme.example", "sender_id": "bea"}
    edited = {"message_id": answer, "message": "Drain it first, then stop it.", "reply_main_message_id": asked}
    thread = {"reply_main_message_id": asked}
    file = {"file_id": "56bed9orRnOSEnBoX_HQvA", "file_name": "drain.png", "file_size": 23025, "OS_file_type": "PNG"}
    return [
        posted("ann", asked, "12:00:00.388", "@Bea How do I restart the broker?", at_items=mention),
        posted("bea", answer, "12:01:00.100", "Drain it first.", **thread, files=[file]),
        posted("", "EXTERNAL-1", "12:01:30", "Which broker?", **thread),
        posted("ann", remark, "12:02:00", "Thanks!", **thread),
        reacted("ann", answer, "12:03:00.211", "U+2705"),
        reacted("cy", answer, "12:03:10", "U+1f44d"),
        reacted("cy", answer, "12:03:20", "U+1f44d", "removed"),
        reacted("cy", asked, "12:03:30", "ship-it"),
        chat("team_chat.bookmark_added", "cy", "12:04:00", **kept),
        chat("team_chat.channel_message_updated", "bea", "12:05:00", **edited),
        chat("team_chat.channel_message_deleted", "ann", "12:06:00", message_id=remark, **thread),
        chat("chat_channel.member_joined", "cy", "11:59:00", id=CHANNEL, name="Kafka", type=3),
        chat("chat_channel.member_left", "cy", "12:59:00", id=CHANNEL, name="Kafka", type=3),
    ]


def zoom_conversation() -> list[Sent]:
    """A meeting, and what is said about it in a channel."""
    return [*zoom_session(), *zoom_chat()]


def heard(sent: Sent, policy: Policy | None = None) -> Reading:
    """Read a delivery as *policy* lets it be heard, or that of the source."""
    source = replace(ZOOM, policy=policy) if policy else ZOOM
    return read(source, Delivery({}, sent.document))


QUESTION = posted("ann", "M-1", "12:00:00", "How?")


EDITED = chat("team_chat.channel_message_updated", "ann", "12:05:00", message_id="M-1", message="Why?")

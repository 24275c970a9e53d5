"""BigBlueButton as the tests play it: forms as bbb-webhooks 3 shapes them (src/process/event.js there)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from services.ingest.domain.interaction import ChannelId
from services.ingest.domain.source import Keeps, Platform, Policy, Source, SourceId
from tests.support.ingest import SECRET, Sent

ROOM = "course-17[3]"
CREATED = 1772452800000
MEETING = f"2be5820127b5f8efc050fa003e83ef53fa62c356-{CREATED}"
BBB = Source(
    SourceId("clinic"),
    Platform.BIGBLUEBUTTON,
    "https://bbb.acme.example",
    (SECRET,),
    Policy(channels=frozenset({ChannelId(ROOM)}), keeps=Keeps.TEXT),
)
PUBLIC = "MAIN-PUBLIC-GROUP-CHAT"


def as_form(document: Any) -> bytes:
    """Write *document*, as it is read, as the form that it came in."""
    events = json.dumps(document.get("event"), separators=(",", ":"), ensure_ascii=False)
    return urlencode({"domain": "bbb.acme.example", "event": events, "timestamp": CREATED}).encode()


def millis(at: str) -> int:
    """Return a time of the day in milliseconds since 1970."""
    return int(datetime.fromisoformat(f"2026-03-02T{at}+00:00").timestamp() * 1000)


def event(kind: str, at: str, **attributes: Any) -> dict[str, Any]:
    """Return an event, which happened at *at*, in the room of the tests."""
    meeting = {"internal-meeting-id": MEETING, "external-meeting-id": ROOM}
    attributes["meeting"] = {**meeting, **attributes.get("meeting", {})}
    return {"data": {"type": "event", "id": kind, "attributes": attributes, "event": {"ts": millis(at)}}}


def sent(*events: Mapping[str, Any], source: Source = BBB) -> Sent:
    return Sent(source, {"event": list(events)}, {"content-type": "application/x-www-form-urlencoded"}, as_form)


def several(deliveries: Sequence[Sent]) -> Sent:
    """Return the events of *deliveries* as one, as they come where `multiEvent` is more than one."""
    return sent(*(each for delivery in deliveries for each in delivery.document["event"]))


def user(who: str, presence: str, **more: Any) -> dict[str, Any]:
    """Return a user as events tell it; who is nobody to the LMS is named after the presence."""
    return {"internal-user-id": presence, "external-user-id": who or presence, **more}


def bbb(kind: str, at: str, who: str, presence: str, **more: Any) -> Sent:
    """Return a delivery of an event about somebody."""
    return sent(event(kind, at, user=user(who, presence, **more)))


def said(who: str, presence: str, at: str, message: str, text: str, **more: Any) -> Sent:
    sender = {**user(who, presence), "name": who.title(), "time": millis(at)}
    chat = {"id": message, "message": text, "sender": sender}
    return sent(event("chat-group-message-sent", at, **{"chat-message": chat, "chat-id": PUBLIC, **more}))


def poll(kind: str, at: str, who: str, presence: str, **more: Any) -> Sent:
    return sent(event(kind, at, user=user(who, presence), poll={"id": f"{MEETING}/1/1772453100000", **more}))


CREATION = event(
    "meeting-created",
    "12:00:01",
    meeting={"name": "Kafka clinic", "is-breakout": False, "create-time": CREATED, "duration": 0, "metadata": {}},
)
PLAYBACK = {"format": "presentation", "link": "https://bbb.acme.example/playback/presentation/2.3/x", "duration": 3540000}
RECORDING = event(
    "rap-publish-ended",
    "14:30:00",
    **{"record-id": MEETING, "success": True, "recording": {"name": "Kafka clinic", "playback": PLAYBACK, "metadata": {}}},
)


def bigbluebutton_conversation() -> list[Sent]:
    """A session: who joins, one of them twice and one a guest, chat, raised hands, a poll, its end and its recording."""
    answers = [{"id": 0, "key": "Drain"}, {"id": 1, "key": "Restart"}]
    return [
        sent(CREATION),
        bbb("user-joined", "12:00:05", "17", "w_ann1", name="Ann", role="MODERATOR", presenter=True, guest=False),
        bbb("user-presenter-assigned", "12:00:06", "17", "w_ann1"),
        bbb("user-joined", "12:01:00", "23", "w_bea1", name="Bea", role="VIEWER", guest=False),
        bbb("user-joined", "12:01:30", "", "w_guest", name="Guest", role="VIEWER", guest=False),
        said("23", "w_bea1", "12:05:00.250", "1772453100250-a1", "How do I restart it &amp; when?"),
        said("17", "w_ann1", "12:06:00", "1772453160000-b2", "<p>Drain it first.</p>"),
        sent(event("user-raise-hand-changed", "12:07:00", user=user("23", "w_bea1", **{"raise-hand": True})),
             event("user-raise-hand-changed", "12:07:30", user=user("23", "w_bea1", **{"raise-hand": False}))),
        bbb("user-emoji-changed", "12:08:00", "23", "w_bea1", emoji="👍"),
        bbb("user-emoji-changed", "12:08:10", "23", "w_bea1", emoji="none"),
        poll("poll-started", "12:10:00", "17", "w_ann1", question="What first?", answers=answers),
        poll("poll-responded", "12:10:30", "23", "w_bea1", answerIds=[0]),
        bbb("user-left", "12:20:00", "", "w_bea1", **{"external-user-id": ""}),
        bbb("user-joined", "12:30:00", "23", "w_bea2", name="Bea", role="VIEWER", guest=False),
        sent(event("meeting-ended", "13:00:00")),
        sent(RECORDING),
    ]  # fmt: skip


def checksum(url: str, body: bytes, secret: bytes, algorithm: str = "sha256") -> str:
    """Return *url* as BigBlueButton calls it, with its checksum."""
    digest = hashlib.new(algorithm, url.encode() + body + secret).hexdigest()
    return f"{url}{'&' if '?' in url else '?'}checksum={digest}"

"""Matrix as the tests play it: the transactions of a homeserver."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.ingest.domain.interaction import ChannelId
from services.ingest.domain.source import Keeps, Platform, Policy, Source, SourceId
from tests.support.ingest import SECRET, Sent

HELP = "!help:acme.example"
MATRIX = Source(
    SourceId("rooms"),
    Platform.MATRIX,
    "https://matrix.acme.example",
    (SECRET,),
    Policy(channels=frozenset({ChannelId(HELP)}), keeps=Keeps.TEXT),
)


def event(name: str, kind: str, sender: str, content: Any, at: str, **more: Any) -> dict[str, Any]:
    """Return an event of the room for help, sent at *at* (a time of the day)."""
    sent = int(datetime.fromisoformat(f"2026-03-02T{at}+00:00").timestamp() * 1000)
    return {
        "event_id": f"${name}",
        "room_id": HELP,
        "type": kind,
        "sender": f"@{sender}:acme.example",
        "origin_server_ts": sent,
        "content": content,
        "unsigned": {"age": 7},
        **more,
    }


def message(name: str, sender: str, body: str, at: str, **content: Any) -> dict[str, Any]:
    """Return a message."""
    return event(name, "m.room.message", sender, {"msgtype": "m.text", "body": body, **content}, at)


def relation(kind: str, name: str, **more: Any) -> dict[str, Any]:
    """Return how an event relates to the one called *name*."""
    return {"m.relates_to": {"rel_type": kind, "event_id": f"${name}", **more}}


def reply_to(name: str) -> dict[str, Any]:
    """Return that a message replies to the one called *name*."""
    return {"m.relates_to": {"m.in_reply_to": {"event_id": f"${name}"}}}


def edit(name: str, edited: str, sender: str, body: str, at: str) -> dict[str, Any]:
    """Return that the message *edited* now says *body*."""
    now = {"m.new_content": {"msgtype": "m.text", "body": body}}
    return message(name, sender, f"* {body}", at, **now, **relation("m.replace", edited))


def reaction(name: str, sender: str, target: str, key: str, at: str) -> dict[str, Any]:
    """Return a reaction to the event called *target*."""
    return event(name, "m.reaction", sender, relation("m.annotation", target, key=key), at)


def redaction(name: str, sender: str, target: str, at: str, **more: Any) -> dict[str, Any]:
    """Return that the event called *target* is taken back."""
    return event(name, "m.room.redaction", sender, {"redacts": f"${target}"}, at, redacts=f"${target}", **more)


def membership(name: str, user: str, now: str, at: str, *, before: str = "", by: str = "") -> dict[str, Any]:
    """Return that *user* is now what *now* says."""
    unsigned = {"prev_content": {"membership": before}} if before else {}
    state = {"state_key": f"@{user}:acme.example", "unsigned": unsigned}
    return event(name, "m.room.member", by or user, {"membership": now}, at, **state)


def poll(name: str, sender: str, at: str) -> dict[str, Any]:
    """Return a poll as it is sent today."""
    answers = [{"id": "mon", "org.matrix.msc1767.text": "Monday"}, {"id": "on friday", "org.matrix.msc1767.text": "Friday"}]
    asked = {"question": {"org.matrix.msc1767.text": "Which day?", "body": "Which day?"}, "answers": answers, "max_selections": 1}
    return event(name, "org.matrix.msc3381.poll.start", sender, {"org.matrix.msc3381.poll.start": asked}, at)


def vote(name: str, sender: str, target: str, chosen: str, at: str) -> dict[str, Any]:
    """Return a vote in the poll called *target*."""
    content = {"org.matrix.msc3381.poll.response": {"answers": [chosen]}, **relation("m.reference", target)}
    return event(name, "org.matrix.msc3381.poll.response", sender, content, at)


def stable_poll(name: str, sender: str, at: str) -> dict[str, Any]:
    """Return a poll as it is to be sent."""
    answers = [{"m.id": "mon", "m.text": [{"body": "Monday"}]}, {"m.id": "fri", "m.text": [{"body": "Friday"}]}]
    content = {"m.poll": {"question": {"m.text": [{"body": "Which day?"}]}, "answers": answers}, "m.text": [{"body": "…"}]}
    return event(name, "m.poll.start", sender, content, at)


def stable_vote(name: str, sender: str, target: str, chosen: str, at: str) -> dict[str, Any]:
    """Return a vote as it is to be sent."""
    return event(name, "m.poll.response", sender, {"m.selections": [chosen], **relation("m.reference", target)}, at)


def transaction(*events: Any, source: Source = MATRIX) -> Sent:
    """Return a transaction that has *events*."""
    return Sent(source, {"events": list(events)}, {"content-type": "application/json"})


def matrix_conversation() -> list[Sent]:
    """A question, its thread and answer, a file, reactions, an edit, polls, who joins, and what is taken back."""
    thread = relation("m.thread", "ask", **{"is_falling_back": True, "m.in_reply_to": {"event_id": "$ask"}})
    file = {"msgtype": "m.file", "filename": "runbook.pdf", "url": "mxc://acme.example/FHyPlCeYUSFF"}
    return [
        transaction(membership("j1", "cy", "join", "11:59:00", before="invite")),
        transaction(
            message("ask", "ann", "How do I restart the broker?", "12:00:00"),
            message("answer", "bea", "> <@ann:acme.example> How do I?\n\nDrain it first.", "12:01:00", **reply_to("ask")),
        ),
        transaction(message("threaded", "cy", "Then stop it.", "12:02:00", **thread)),
        transaction(message("thanks", "ann", "Thanks!", "12:03:00", **reply_to("threaded"))),
        transaction(message("file", "bea", "The runbook", "12:04:00", **file)),
        transaction(reaction("r1", "ann", "answer", "✅", "12:05:00"), reaction("r2", "cy", "answer", "👍🏽", "12:05:01")),
        transaction(reaction("r3", "cy", "ask", "eyes", "12:05:02")),
        transaction(edit("e1", "answer", "bea", "Drain it first, please.", "12:06:00")),
        transaction(poll("p1", "bea", "12:07:00"), vote("v1", "cy", "p1", "on friday", "12:07:30")),
        transaction(stable_poll("p2", "bea", "12:08:00"), stable_vote("v2", "cy", "p2", "fri", "12:08:30")),
        transaction(redaction("x1", "cy", "r2", "12:09:00")),
        transaction(redaction("x2", "ann", "thanks", "12:10:00")),
        transaction(redaction("x3", "mod", "threaded", "12:11:00")),
        transaction(membership("j2", "cy", "leave", "12:12:00", before="join")),
    ]


ASKED = message("ask", "ann", "How?", "12:00:00")

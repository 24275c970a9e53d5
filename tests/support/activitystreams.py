"""A platform that speaks ActivityStreams 2.0 to play."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from services.ingest.domain.source import Keeps, Platform, Policy, Source, SourceId
from tests.support.ingest import SECRET, Sent

TOWN = Source(SourceId("town"), Platform.ACTIVITYSTREAMS, "https://town.example", (SECRET,), Policy(keeps=Keeps.TEXT))


def activity(kind: str, actor: str, subject: Any, at: str, **more: Any) -> dict[str, Any]:
    """Return an activity of ActivityStreams 2.0; people and things are named by what stands after the town's address."""
    name = hashlib.sha256(orjson.dumps([kind, actor, subject, at])).hexdigest()[:8]
    return {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": f"https://town.example/activities/{name}",
        "type": kind,
        "actor": {"type": "Person", "id": f"https://town.example/people/{actor}", "name": actor.title()},
        "published": f"2026-03-02T12:{at}Z",
        "object": f"https://town.example/{subject}" if isinstance(subject, str) else subject,
        **more,
    }


def note(name: str, author: str, content: str, **more: Any) -> dict[str, Any]:
    """Return a note of ActivityStreams 2.0."""
    made = {"id": f"https://town.example/{name}", "type": "Note", "attributedTo": f"https://town.example/people/{author}"}
    return {**made, "content": f"<p>{content}</p>", "to": ["as:Public"], **more}


def activitystreams_conversation() -> list[Sent]:
    """A question, its answer, a page, a poll and a vote, what people do to them, an event, and what is taken back."""
    town = "https://town.example"
    tags = [{"type": "Hashtag", "name": "#Kafka"}, {"type": "Mention", "href": f"{town}/people/bea", "name": "@bea"}]
    file = {"type": "Document", "mediaType": "application/pdf", "url": f"{town}/files/1.pdf"}
    asked = note("notes/1", "ann", "How do I restart the broker?", tag=tags, attachment=[file])
    answer = note("notes/2", "bea", "Drain it first.", inReplyTo=asked["id"])
    remark = note("notes/3", "ann", "Thanks!", inReplyTo=answer["id"])
    choices = [{"type": "Note", "name": "Monday"}, {"type": "Note", "name": "Friday"}]
    poll = {"id": f"{town}/polls/1", "type": "Question", "name": "Which day?", "oneOf": choices}
    vote = {"id": f"{town}/votes/1", "type": "Note", "name": "Friday", "inReplyTo": poll["id"]}
    page = {"id": f"{town}/pages/1", "type": "Page", "name": "Runbook", "content": "Drain."}
    page |= {"audience": f"{town}/groups/ops", "to": "as:Public"}
    event = {"id": f"{town}/events/1", "type": "Event", "name": "Office hour"}
    like = activity("Like", "cy", "notes/2", "03:00", content="\U0001f44d")
    script = [
        activity("Create", "ann", asked, "00:00"),
        activity("Create", "bea", answer, "01:00"),
        activity("Create", "ann", remark, "02:00"),
        like,
        activity("Like", "ann", {"id": answer["id"], "type": "Note", "attributedTo": answer["attributedTo"]}, "03:10"),
        activity("Undo", "ann", {"type": "Like", "object": answer["id"]}, "03:20"),
        activity("Announce", "cy", "notes/2", "04:00"),
        activity("Dislike", "cy", "notes/3", "04:10"),
        activity("View", "cy", "pages/1", "04:20"),
        activity("Flag", "cy", "notes/3", "04:30"),
        activity("Create", "bea", poll, "05:00"),
        activity("Create", "cy", vote, "05:10"),
        activity("Create", "bea", page, "06:00"),
        activity("Update", "bea", {**page, "content": "Drain, then stop.", "updated": "2026-03-02T12:07:00Z"}, "07:00"),
        activity("Follow", "cy", {"type": "Person", "id": f"{town}/people/bea"}, "08:00"),
        activity("Undo", "cy", {"type": "Follow", "object": f"{town}/people/bea"}, "08:10"),
        activity("Join", "cy", {"type": "Group", "id": f"{town}/groups/ops"}, "09:00"),
        activity("Leave", "cy", "groups/ops", "09:10"),
        activity("Accept", "ann", event, "10:00"),
        activity("TentativeAccept", "bea", {"type": "Invite", "object": event}, "10:10"),
        activity("Reject", "cy", event, "10:20"),
        activity("Delete", "ann", {"id": remark["id"], "type": "Tombstone", "formerType": "Note"}, "11:00"),
        note("notes/4", "cy", "Said by itself.", published="2026-03-02T12:12:00Z"),
    ]
    return [Sent(TOWN, each) for each in script]

"""Canvas as the tests play it: live events in Canvas' own format, with a token shown, or signed by a key of its own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

from services.ingest.domain.source import Keeps, Platform, Policy, Source, SourceId
from tests.support.ingest import NOW, SECRET, Sent, as_json

CANVAS = Source(SourceId("class"), Platform.CANVAS, "https://acme.instructure.com", (SECRET,), Policy(keeps=Keeps.TEXT))
SHARD = 21070000000000000
COURSE, GROUP = 565, 144


def everywhere(local: int) -> str:
    """Return the global id of what is *local* on its shard."""
    return str(SHARD + local)


def live(
    name: str, user: int | None, at: str, context: tuple[str, int] | None = ("Course", COURSE), **body: Any
) -> dict[str, Any]:
    """Return a live event."""
    metadata = {
        "client_ip": "192.0.2.7",
        "event_name": name,
        "event_time": f"2026-03-02T{at}.933Z",
        "hostname": "acme.instructure.com",
        "producer": "canvas",
        "root_account_id": everywhere(1),
        "session_id": "ef686f8ed684abf78cbfa1f6a58112b5",
        "user_agent": "Mozilla/5.0",
        "user_login": f"user{user}",
    }
    where = {"context_type": context[0], "context_id": everywhere(context[1])} if context else {}
    who = {"user_id": everywhere(user)} if user else {}
    return {"metadata": {**metadata, **where, **who}, "body": body}


def topic(name: str, user: int, at: str, number: int, title: str, **more: Any) -> dict[str, Any]:
    """Return an event about a topic."""
    said = {"discussion_topic_id": everywhere(number), "title": title, "body": f"<p>{title}</p>", "is_announcement": False}
    where = {"context_id": str(COURSE), "context_type": "Course", "workflow_state": "active"}
    return live(name, user, at, **{**said, **where, **more})


def entry(user: int, at: str, number: int, of: int, text: str, **more: Any) -> dict[str, Any]:
    """Return that an entry was written: its ids are local."""
    ids: dict[str, Any] = {"user_id": str(user), "discussion_entry_id": str(number), "discussion_topic_id": str(of)}
    return live("discussion_entry_created", user, at, **ids, created_at=f"2026-03-02T{at}Z", text=f"<p>{text}</p>", **more)


def member(name: str, user: int, at: str, state: str, **more: Any) -> dict[str, Any]:
    """Return an event about an enrolment or a membership, made by somebody of staff."""
    return live(name, 2, at, user_id=everywhere(user), workflow_state=state, **more)


def sent(event: dict[str, Any]) -> Sent:
    return Sent(CANVAS, event, {"content-type": "application/json"})


def new_key(month: int) -> RSAKey:
    """Make a key as Canvas has them, one for each month."""
    return RSAKey.generate_key(2048, {"kid": f"2026-{month:02d}-01T00:00:00Z", "alg": "RS256", "use": "sig"}, auto_kid=False)


def key_set(*keys: RSAKey) -> bytes:
    """Return the public keys as Canvas publishes them: the source's secret."""
    return as_json({"keys": [key.as_dict(private=False) for key in keys]})


def signed(event: dict[str, Any], key: RSAKey, **claims: Any) -> bytes:
    """Return *event* as a signed token."""
    return jwt.encode({"alg": "RS256", "kid": key.kid}, {**event, **claims}, key).encode()


def unix(at: datetime = NOW) -> int:
    return int(at.timestamp())


def canvas_conversation() -> list[Sent]:
    """A question with its answer, a page, a file, who looks at what, who joins and leaves, and what is taken back."""
    file: dict[str, Any] = {"attachment_id": everywhere(41), "user_id": everywhere(12)}
    page: dict[str, Any] = {"wiki_page_id": everywhere(31), "title": "Runbook"}
    course, group = {"course_id": everywhere(COURSE)}, {"group_id": everywhere(GROUP), "group_name": "Brokers"}
    return [
        sent(topic("discussion_topic_created", 11, "12:00:00", 21, "How do I restart the broker?")),
        sent(entry(12, "12:05:00", 51, 21, "Drain it first.")),
        sent(entry(11, "12:06:00", 52, 21, "That works!", parent_discussion_entry_id="51")),
        sent(topic("discussion_topic_updated", 11, "12:07:00", 21, "How do I restart a broker?")),
        sent(topic("discussion_topic_created", 2, "12:08:00", 22, "Welcome?", is_announcement=True)),
        sent(topic("discussion_topic_updated", 2, "12:09:00", 22, "Welcome?", workflow_state="deleted")),
        sent(live("asset_accessed", 13, "12:10:00", asset_type="discussion_topic", asset_id=everywhere(21), asset_subtype=None)),
        sent(live("asset_accessed", 13, "12:11:00", asset_type="wiki_page", asset_id=everywhere(31))),
        sent(live("wiki_page_created", 12, "12:12:00", **page, body="<p>Drain.</p>")),
        sent(live("wiki_page_updated", 13, "12:13:00", **page, body="<p>Drain, then stop.</p>", old_body="<p>Drain.</p>")),
        sent(live("wiki_page_deleted", 12, "12:14:00", **page)),
        sent(live("attachment_created", 12, "12:15:00", **file, context_type="Course", context_id=everywhere(COURSE))),
        sent(live("attachment_deleted", 12, "12:16:00", **file, context_type="Course", context_id=everywhere(COURSE))),
        sent(member("enrollment_created", 14, "12:17:00", "active", **course, type="StudentEnrollment")),
        sent(member("enrollment_updated", 14, "12:18:00", "deleted", **course, type="StudentEnrollment")),
        sent(member("group_membership_created", 14, "12:19:00", "accepted", **group)),
        sent(member("group_membership_updated", 14, "12:20:00", "deleted", **group)),
    ]

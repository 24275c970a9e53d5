"""Mastodon as the tests play it: an administrator's webhooks, and a timeline."""

from __future__ import annotations

from typing import Any

import orjson

from services.ingest.domain.source import Keeps, Platform, Policy, Source, SourceId
from tests.support.ingest import SECRET, Sent

MASTODON = Source(
    SourceId("toots"),
    Platform.MASTODON,
    "https://social.acme.example",
    (SECRET,),
    Policy(keeps=Keeps.TEXT),
    options={"timeline": "tag/kafka", "local": "yes"},
)


def account(name: int, **more: Any) -> dict[str, Any]:
    """Return an account as a status shows it."""
    return {"id": str(name), "username": f"user{name}", "acct": f"user{name}", "bot": False, "display_name": "U", **more}


def status(name: int, author: int, content: str, at: str, **more: Any) -> dict[str, Any]:
    """Return a status, written at *at* (a time of the day)."""
    url = f"https://social.acme.example/@user{author}/{name}"
    return {
        "id": str(name),
        "created_at": f"2026-03-02T{at}Z",
        "in_reply_to_id": None,
        "in_reply_to_account_id": None,
        "visibility": "public",
        "language": "en",
        "uri": f"https://social.acme.example/users/user{author}/statuses/{name}",
        "url": url,
        "content": f"<p>{content}</p>",
        "edited_at": None,
        "reblog": None,
        "account": account(author),
        "media_attachments": [],
        "mentions": [],
        "tags": [],
        "poll": None,
        **more,
    }


def reply(name: int, author: int, content: str, at: str, to: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a status that replies to another."""
    answered = {"in_reply_to_id": to["id"], "in_reply_to_account_id": to["account"]["id"]}
    mention = {"id": to["account"]["id"], "username": "x", "acct": "x", "url": "https://social.acme.example/@x"}
    return status(name, author, content, at, **answered, mentions=[mention], **more)


def created(told: dict[str, Any], source: Source = MASTODON) -> Sent:
    """Return the webhook that tells a new status."""
    return Sent(source, {"event": "status.created", "created_at": told["created_at"], "object": told})


def updated(told: dict[str, Any], source: Source = MASTODON) -> Sent:
    """Return the webhook that tells a changed status."""
    return Sent(source, {"event": "status.updated", "created_at": told["created_at"], "object": told})


TAGS = [{"name": "Kafka", "url": "https://social.acme.example/tags/Kafka"}]
FILE = {"id": "7", "type": "image", "url": "https://social.acme.example/media/7.png", "description": None}
ASKED = status(101, 11, "How do I restart the #Kafka broker?", "12:00:00.123", tags=TAGS)
ANSWER = reply(102, 12, "Drain it first.", "12:01:00.000", ASKED, media_attachments=[FILE])
POLL = {"id": "3", "multiple": False, "options": [{"title": "Monday", "votes_count": 1}, {"title": "Friday", "votes_count": 0}]}


def mastodon_conversation() -> list[Sent]:
    """A question, its answer with a picture, a remark, a boost, a quotation, a poll, an edit."""
    thanks = reply(103, 11, "Thanks!", "12:02:00.000", ANSWER)
    boost = status(104, 13, "", "12:03:00.000", reblog=ANSWER)
    quote = status(105, 13, "Worth a read.", "12:04:00.000", quote={"state": "accepted", "quoted_status": ANSWER})
    poll = status(106, 12, "Which day?", "12:05:00.000", poll=POLL)
    edited = {**ANSWER, "content": "<p>Drain it first, please.</p>", "edited_at": "2026-03-02T12:06:00.000Z"}
    return [*map(created, (ASKED, ANSWER, thanks, boost, quote, poll)), updated(edited)]


def timeline() -> bytes:
    """Return a timeline that shows the conversation, the newest status first."""
    return orjson.dumps([sent.document["object"] for sent in reversed(mastodon_conversation())])

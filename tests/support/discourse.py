"""Discourse to play: a forum as its webhooks deliver it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.ingest.domain.source import Keeps, Platform, Policy, Source, SourceId
from tests.support.ingest import SECRET, Sent

EVENT = "x-discourse-event"
DISCOURSE = Source(SourceId("forum"), Platform.DISCOURSE, "https://forum.acme.example", (SECRET,), Policy(keeps=Keeps.TEXT))


def discourse(key: str, event: str, subject: Mapping[str, Any], source: Source = DISCOURSE) -> Sent:
    """Put *subject* under its key, and name the event in the header."""
    headers = {EVENT: event, "x-discourse-event-type": key, "x-discourse-event-id": "7"}
    return Sent(source, {key: subject}, headers)


def discourse_post(user: int, topic: int, number: int, text: str, at: str, **more: Any) -> dict[str, Any]:
    """Return a post as Discourse's webhook tells it."""
    return {
        "id": topic * 100 + number,
        "name": "",
        "username": f"user{user}",
        "created_at": at,
        "updated_at": at,
        "cooked": f"<p>{text}</p>",
        "raw": text,
        "post_number": number,
        "post_type": 1,
        "reply_to_post_number": None,
        "topic_id": topic,
        "topic_slug": "a-topic",
        "topic_title": "How do I restart the broker?",
        "topic_archetype": "regular",
        "category_id": 5,
        "category_slug": "help",
        "version": 1,
        "user_id": user,
        "hidden": False,
        "user_deleted": False,
        "deleted_at": None,
        "wiki": False,
        "topic_posts_count": number,
        **more,
    }


def discourse_topic(user: int, topic: int, at: str, **more: Any) -> dict[str, Any]:
    """Return a topic as Discourse's webhook tells it."""
    return {
        "id": topic,
        "title": "How do I restart the broker?",
        "fancy_title": "How do I restart the broker?",
        "slug": "a-topic",
        "archetype": "regular",
        "category_id": 5,
        "created_at": at,
        "last_posted_at": at,
        "deleted_at": None,
        "user_id": user,
        "created_by": {"id": user, "username": f"user{user}", "name": "", "avatar_template": ""},
        "posts_count": 1,
        **more,
    }


def discourse_conversation() -> list[Sent]:
    """A topic that asks, replies, the accepted solution, a like, a vote, an edit and what is taken back."""
    asked = "2026-03-02T12:00:00.123Z"
    first = discourse_post(11, 57, 1, "It hangs when I stop it.", asked)
    answer = discourse_post(12, 57, 2, "Drain it first.", "2026-03-02T12:05:00.000Z")
    edited = {**answer, "raw": "Drain it first, please.", "version": 2, "updated_at": "2026-03-02T12:06:00.000Z"}
    remark = discourse_post(11, 57, 3, "That works!", "2026-03-02T12:10:00.000Z", reply_to_post_number=2)
    return [
        discourse("topic", "topic_created", discourse_topic(11, 57, "2026-03-02T12:00:00.100Z")),
        discourse("post", "post_created", first),
        discourse("post", "post_created", answer),
        discourse("post", "post_created", remark),
        discourse("post", "post_edited", edited),
        discourse("solved", "accepted_solution", edited),
        discourse("like", "post_liked", {"post": edited, "user": {"id": 13, "username": "user13"}}),
        discourse("topic_voting", "topic_upvote", {"topic_id": 57, "topic_slug": "a-topic", "voter_id": 13, "vote_count": 1}),
        discourse("post", "post_destroyed", {**remark, "updated_at": "2026-03-02T12:20:00.000Z"}),
    ]

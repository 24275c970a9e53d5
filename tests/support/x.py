"""X as the tests play it: deliveries of the Account Activity API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.ingest.domain.source import Keeps, Platform, Policy, Source, SourceId
from tests.support.ingest import SECRET, Sent

X = Source(SourceId("posts"), Platform.X, "https://x.com", (SECRET,), Policy(keeps=Keeps.TEXT))
FIRST = 1_288_834_974_657


def millis(at: str) -> int:
    """Return the milliseconds of a time of the day."""
    return int(datetime.fromisoformat(f"2026-03-02T{at}+00:00").timestamp() * 1000)


def name(at: str) -> str:
    """Return the id of a post that was made at *at*."""
    return str((millis(at) - FIRST) << 22)


def user(number: int, **more: Any) -> dict[str, Any]:
    return {"id": number, "id_str": str(number), "screen_name": f"user{number}", "protected": False, **more}


def tweet(author: int, text: str, at: str, **more: Any) -> dict[str, Any]:
    """Return a post that was made at *at* (a time of the day)."""
    return {
        "created_at": "Mon Mar 02 12:00:00 +0000 2026",
        "id": int(name(at)),
        "id_str": name(at),
        "text": text,
        "truncated": False,
        "in_reply_to_status_id": None,
        "in_reply_to_status_id_str": None,
        "in_reply_to_user_id_str": None,
        "user": user(author),
        "is_quote_status": False,
        "entities": {"hashtags": [], "urls": [], "user_mentions": [], "symbols": []},
        "lang": "en",
        "timestamp_ms": str(millis(at)),
        **more,
    }


def reply(author: int, text: str, at: str, to: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a post that replies to another, and so mentions its author."""
    answered = {"in_reply_to_status_id_str": to["id_str"], "in_reply_to_user_id_str": to["user"]["id_str"]}
    mentioned = {"hashtags": [], "user_mentions": [{"id_str": to["user"]["id_str"], "screen_name": "x"}]}
    return tweet(author, text, at, **answered, entities=mentioned, **more)


def delivery(**events: Any) -> Sent:
    """Return a delivery."""
    return Sent(X, {"for_user_id": "11", **events})


TAGS = {"hashtags": [{"text": "Kafka", "indices": [0, 6]}], "user_mentions": []}
MEDIA = {"media": [{"media_url_https": "https://pbs.twimg.com/media/1.jpg", "type": "photo"}]}
ASKED = tweet(11, "How do I restart the #Kafka broker &amp; why?", "12:00:00", entities=TAGS)
ANSWER = reply(12, "Drain it first.", "12:01:00", ASKED, extended_entities=MEDIA)
REPOST = tweet(13, "RT", "12:03:00", retweeted_status=ANSWER)
QUOTE = tweet(13, "Worth a read.", "12:04:00", quoted_status=ANSWER, is_quote_status=True)
LIKE = {"id": "f1", "timestamp_ms": millis("12:05:00"), "favorited_status": ANSWER, "user": user(13)}
FOLLOW = {"type": "follow", "created_timestamp": str(millis("12:06:00")), "source": user(13), "target": user(12)}


def x_conversation() -> list[Sent]:
    """A question, an answer with a picture, a remark that is taken back, a repost, a quotation, a like, a follow."""
    thanks = reply(11, "Thanks!", "12:02:00", ANSWER)
    unfollow = {**FOLLOW, "type": "unfollow", "created_timestamp": str(millis("12:07:00"))}
    gone = {"status": {"id": thanks["id_str"], "user_id": "11"}, "timestamp_ms": str(millis("12:08:00"))}
    return [
        delivery(tweet_create_events=[ASKED]),
        delivery(tweet_create_events=[ANSWER, thanks]),
        delivery(tweet_create_events=[REPOST, QUOTE]),
        delivery(favorite_events=[LIKE]),
        delivery(follow_events=[FOLLOW, unfollow]),
        delivery(tweet_delete_events=[gone]),
    ]

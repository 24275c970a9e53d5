"""Slack to play: a conversation as its Events API delivers it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from services.ingest.domain.source import Keeps, Platform, Policy, Source, SourceId
from tests.support.ingest import SECRET, Sent

SLACK = Source(SourceId("acme"), Platform.SLACK, "https://acme.slack.com", (SECRET,), Policy(keeps=Keeps.TEXT))


def slack(event: Mapping[str, Any], source: Source = SLACK) -> Sent:
    """Put *event* into the envelope of the Events API."""
    envelope = {
        "token": "t",
        "team_id": "T1",
        "api_app_id": "A1",
        "type": "event_callback",
        "event_id": "Ev" + hashlib.sha256(orjson.dumps(event)).hexdigest()[:10],
        "event_time": 1772452800,
        "event": event,
        "authorizations": [{"enterprise_id": None, "team_id": "T1", "user_id": "UBOT", "is_bot": True}],
        "is_ext_shared_channel": False,
        "event_context": "4-abc",
    }
    return Sent(source, envelope)


def slack_message(user: str, ts: str, text: str, channel: str = "C1", **more: Any) -> dict[str, Any]:
    """Return a message as Slack tells it."""
    message = {"type": "message", "user": user, "ts": ts, "text": text, "channel": channel, "event_ts": ts, "team": "T1"}
    return {"channel_type": "channel", "client_msg_id": f"id-{ts}", **message, **more}


def slack_reaction(user: str, ts: str, name: str, at: str, author: str = "", **more: Any) -> dict[str, Any]:
    """Return a reaction as Slack tells it."""
    item = {"type": "message", "channel": "C1", "ts": ts}
    event = {"type": "reaction_added", "user": user, "reaction": name, "item": item, "event_ts": at, **more}
    return {**event, "item_user": author} if author else event


def slack_conversation() -> list[Sent]:
    """A question, an answer that is accepted, a remark of the asker, reactions, an edit and a delete."""
    asked, answered, thanked = "1772452800.000100", "1772452860.000200", "1772452900.000300"
    thread = {"thread_ts": asked, "parent_user_id": "UASK"}
    answer = slack_message("UANS", answered, "Drain it, then stop it.", **thread)
    edited = {**answer, "text": "Drain it first, then stop it.", "edited": {"user": "UANS", "ts": "1772452870.000000"}}
    changed = slack_message("", "1772452870.000900", "", subtype="message_changed", message=edited, previous_message=answer)
    del changed["user"], changed["text"]
    gone = slack_message("UASK", thanked, "Thanks!", **thread)
    deleted = {"type": "message", "subtype": "message_deleted", "channel": "C1", "channel_type": "channel", "hidden": True}
    return [
        slack(slack_message("UASK", asked, "How do I restart the broker?")),
        slack(answer),
        slack(gone),
        slack(slack_reaction("UASK", answered, "white_check_mark", "1772452910.000100", "UANS")),
        slack(slack_reaction("UTHIRD", answered, "white_check_mark", "1772452915.000100", "UANS")),
        slack(slack_reaction("UTHIRD", asked, "eyes", "1772452920.000100", "UASK")),
        slack(slack_reaction("UASK", asked, "white_check_mark", "1772452921.000100", "UASK")),
        slack(changed),
        slack({**deleted, "deleted_ts": thanked, "event_ts": "1772452990.000100", "ts": "1772452990.000100"}),
        slack(slack_message("UTHIRD", "1772452995.000100", "Good to know.", **thread, subtype="thread_broadcast")),
        slack(slack_message("UBOT", "1772452996.000100", "Reminder?", bot_id="B1", subtype="bot_message")),
        slack(slack_message("UASK", "1772452997.000100", "Yes", thread_ts="1772452996.000100")),
    ]

"""Scenes as Slack's Events API delivers them (docs.slack.dev/apis/events-api)."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import orjson

from services.demo.cast import Player
from services.demo.delivery import Delivery, moment
from services.demo.play import Act, Doing, Message, Scene

TEAM: Final = "T0MERIDIAN"
APP: Final = "A0SYMPOSIA"
CHANNELS: Final = {
    "#sql-help": ("C0SQLHELP", "channel"),
    "#python": ("C0PYTHON1", "channel"),
    "#platform": ("C0PLATFRM", "channel"),
    "#general": ("C0GENERAL", "channel"),
    "#random": ("C0RANDOM1", "channel"),
    "#people-team": ("G0PEOPLE1", "group"),
    "@direct": ("D0DIRECT1", "im"),
}
HEARD: Final = frozenset(CHANNELS[name][0] for name in ("#sql-help", "#python", "#platform", "#general"))
"""The channels that the demo's source is allowed to hear; #random is not one of them."""

_URL = re.compile(r"https?://\S+[^\s.,;:!?)]")


def deliveries(scenes: Sequence[Scene], cast: Mapping[str, Player], shift: timedelta) -> Iterator[Delivery]:
    """Return what Slack would send of *scenes*, moved by *shift*."""
    stamps = {id(scene): _ts(moment(scene.at, shift), number) for number, scene in enumerate(scenes)}
    for scene in scenes:
        event = _said(scene, cast, stamps) if isinstance(scene, Message) else _done(scene, cast, stamps)
        yield Delivery(moment(scene.at, shift), _envelope(event), sign)


def sign(secret: bytes, body: bytes, now: datetime) -> Mapping[str, str]:
    """Sign as Slack does: `v0=` and the HMAC-SHA256 over `v0:timestamp:body`."""
    timestamp = str(int(now.timestamp()))
    signature = hmac.new(secret, b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {"x-slack-request-timestamp": timestamp, "x-slack-signature": f"v0={signature}"}


def _envelope(event: Mapping[str, Any]) -> bytes:
    digest = hashlib.blake2b(orjson.dumps(event), digest_size=5).hexdigest().upper()
    return orjson.dumps(
        {
            "team_id": TEAM,
            "api_app_id": APP,
            "event": event,
            "type": "event_callback",
            "event_id": f"Ev0{digest}",
            "event_time": int(event["event_ts"].partition(".")[0]),
            "is_ext_shared_channel": False,
        }
    )


def _said(message: Message, cast: Mapping[str, Player], stamps: Mapping[int, str]) -> dict[str, Any]:
    channel, kind = CHANNELS[message.place]
    return {**_message(message, cast, stamps), "channel": channel, "channel_type": kind, "event_ts": stamps[id(message)]}


def _message(message: Message, cast: Mapping[str, Player], stamps: Mapping[int, str]) -> dict[str, Any]:
    speaker, ts = cast[message.who], stamps[id(message)]
    thread = {"thread_ts": stamps[id(message.root)]} if message.root else {}
    who = {"subtype": "bot_message", "bot_id": speaker.slack} if speaker.is_bot else {"user": speaker.slack, "team": TEAM}
    return {"type": "message", **who, "text": mrkdwn(message.said), "ts": ts, **thread}


def _done(act: Act, cast: Mapping[str, Player], stamps: Mapping[int, str]) -> dict[str, Any]:
    channel, kind = CHANNELS[act.target.place]
    before, ts = _message(act.target, cast, stamps), stamps[id(act)]
    where = {"channel": channel, "channel_type": kind, "ts": ts, "event_ts": ts, "hidden": True}
    match act.doing:
        case Doing.EDIT:
            after = {**before, "text": mrkdwn(act.said or ""), "edited": {"user": cast[act.who].slack, "ts": ts}}
            return {"type": "message", "subtype": "message_changed", **where, "message": after, "previous_message": before}
        case Doing.DELETE:
            return {
                "type": "message",
                "subtype": "message_deleted",
                **where,
                "deleted_ts": before["ts"],
                "previous_message": before,
            }
        case reaction:
            return {
                "type": "reaction_added",
                "user": cast[act.who].slack,
                "reaction": reaction,
                "item_user": cast[act.target.who].slack,
                "item": {"type": "message", "channel": channel, "ts": before["ts"]},
                "event_ts": ts,
            }


def mrkdwn(said: str) -> str:
    """Write text as Slack does: & < > escaped, addresses in angle brackets."""
    escaped = said.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _URL.sub(lambda url: f"<{url.group()}>", escaped)


def _ts(at: datetime, number: int) -> str:
    """Return a Slack timestamp, which also is a message's id: the second, and a number that is its own."""
    return f"{int(at.timestamp())}.{number:06d}"

"""Scenes as a plugin forwards the events of Mattermost's WebSocket (developers.mattermost.com)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import orjson

from services.demo.cast import MATTERMOST, Player
from services.demo.delivery import Delivery, moment
from services.demo.play import Act, Doing, Message, Scene

LENGTH: Final = 26
"""How long Mattermost's ids are."""
HEARD: Final = frozenset({"python".ljust(LENGTH, "z")})
"""The channels that the demo's source is allowed to hear."""


def deliveries(scenes: Sequence[Scene], cast: Mapping[str, Player], shift: timedelta) -> Iterator[Delivery]:
    """Return what would be forwarded of *scenes*, moved by *shift*."""
    for scene in scenes:
        event, key, inner = _said(scene, cast, shift) if isinstance(scene, Message) else _done(scene, cast, shift)
        channel = inner["channel_id"]
        data = {key: orjson.dumps(inner).decode(), "channel_type": "O"}
        body = orjson.dumps({"event": event, "data": data, "broadcast": {"channel_id": channel}, "seq": 1})
        yield Delivery(moment(scene.at, shift), body, sign)


def sign(secret: bytes, body: bytes, now: datetime) -> Mapping[str, str]:
    """Show the secret, as a plugin does."""
    del body, now
    return {"authorization": f"Bearer {secret.decode()}"}


def _said(message: Message, cast: Mapping[str, Player], shift: timedelta) -> tuple[str, str, dict[str, Any]]:
    return "posted", "post", _post(message, cast, shift)


def _done(act: Act, cast: Mapping[str, Player], shift: timedelta) -> tuple[str, str, dict[str, Any]]:
    """Return the event of an act, under which key it stands, and what is said of it."""
    when, post = _millis(act.at, shift), _post(act.target, cast, shift)
    match act.doing:
        case Doing.EDIT:
            return "post_edited", "post", {**post, "message": act.said, "edit_at": when, "update_at": when}
        case Doing.DELETE:
            return "post_deleted", "post", {**post, "delete_at": when}
        case emoji:
            made = {"user_id": cast[act.who].accounts[MATTERMOST], "post_id": post["id"], "emoji_name": emoji, "create_at": when}
            return "reaction_added", "reaction", {**made, "update_at": when, "delete_at": 0, "channel_id": post["channel_id"]}


def _post(message: Message, cast: Mapping[str, Player], shift: timedelta) -> dict[str, Any]:
    made = _millis(message.at, shift)
    return {
        "id": _id(message, shift),
        "create_at": made,
        "update_at": made,
        "edit_at": 0,
        "delete_at": 0,
        "user_id": cast[message.who].accounts[MATTERMOST],
        "channel_id": message.place.ljust(LENGTH, "z"),
        "root_id": _id(message.root, shift) if message.root else "",
        "message": message.said,
        "type": "",
        "props": {},
        "hashtags": "",
    }


def _id(message: Message, shift: timedelta) -> str:
    """Return an id that only this message has, another for every time at which the play is set."""
    said = f"{message.place} {message.number} {moment(message.at, shift).isoformat()}"
    return hashlib.blake2b(said.encode(), digest_size=LENGTH // 2).hexdigest()


def _millis(at: timedelta, shift: timedelta) -> int:
    return int(moment(at, shift).timestamp() * 1000)

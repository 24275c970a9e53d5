"""Scenes as ActivityStreams 2.0 (w3.org/TR/activitystreams-core), signed by Standard Webhooks (standardwebhooks.com)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any, Final

import orjson

from services.demo.cast import SOCIAL, Player
from services.demo.delivery import Delivery, moment
from services.demo.play import Act, Message, Scene

PUBLIC: Final = "https://www.w3.org/ns/activitystreams#Public"
ACTS: Final = {"like": "Like", "share": "Announce"}


def deliveries(scenes: Sequence[Scene], cast: Mapping[str, Player], shift: timedelta) -> Iterator[Delivery]:
    """Return what the network would send of *scenes*, moved by *shift*."""
    for scene in scenes:
        kind, thing = ("Create", _note(scene, cast, shift)) if isinstance(scene, Message) else _done(scene, shift)
        at = moment(scene.at, shift)
        activity: dict[str, Any] = {
            "@context": "https://www.w3.org/ns/activitystreams",
            "type": kind,
            "actor": {"type": "Person", "id": cast[scene.who].accounts[SOCIAL], "name": cast[scene.who].name},
            "published": _time(at),
            "object": thing,
        }
        name = hashlib.blake2b(orjson.dumps(activity), digest_size=8).hexdigest()
        yield Delivery(at, orjson.dumps({**activity, "id": f"{SOCIAL}/activities/{name}"}), sign)


def sign(secret: bytes, body: bytes, now: datetime) -> Mapping[str, str]:
    """Sign as Standard Webhooks say: `v1,` and the HMAC-SHA256 over `id.timestamp.body`."""
    name, at = f"msg_{hashlib.sha256(body).hexdigest()[:24]}", str(int(now.timestamp()))
    signature = hmac.new(secret, f"{name}.{at}.".encode() + body, hashlib.sha256).digest()
    return {"webhook-id": name, "webhook-timestamp": at, "webhook-signature": "v1," + base64.b64encode(signature).decode()}


def _note(message: Message, cast: Mapping[str, Player], shift: timedelta) -> dict[str, Any]:
    above = {"inReplyTo": _id(message.replies_to, shift)} if message.replies_to else {}
    return {
        "id": _id(message, shift),
        "type": "Note",
        "attributedTo": cast[message.who].accounts[SOCIAL],
        "content": f"<p>{escape(message.said)}</p>",
        "published": _time(moment(message.at, shift)),
        "to": [PUBLIC],
        "audience": f"{SOCIAL}/groups/{message.place}",
        **above,
    }


def _done(act: Act, shift: timedelta) -> tuple[str, str]:
    if act.doing not in ACTS:
        raise ValueError(f"nobody tells an act {act.doing!r} in ActivityStreams here")
    return ACTS[act.doing], _id(act.target, shift)


def _id(message: Message, shift: timedelta) -> str:
    """Return an address that only this note has, another for every time at which the play is set."""
    return f"{SOCIAL}/notes/{int(moment(message.at, shift).timestamp())}-{message.thread}-{message.number}"


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

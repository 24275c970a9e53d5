"""Scenes as Discourse's webhooks deliver them (meta.discourse.org, "Configure webhooks that trigger on Discourse events")."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any, Final

import orjson

from services.demo.cast import FORUM, Player
from services.demo.delivery import CURTAIN, Delivery, moment
from services.demo.play import Act, Doing, Message, Scene

CATEGORIES: Final = {"how-we-work": 5, "leading-people": 6, "security": 7, "lounge": 8, "board-room": 9}
CLOSED: Final = ("board-room",)
"""Categories that not everybody may read: Discourse says so when they are made."""

_MINUTE: Final = timedelta(minutes=1)
_EPOCH: Final = datetime(2020, 1, 1, tzinfo=UTC)


def deliveries(scenes: Sequence[Scene], cast: Mapping[str, Player], shift: timedelta) -> Iterator[Delivery]:
    """Return what Discourse would send of *scenes*, moved by *shift*."""
    for name in CLOSED:
        yield _delivery(CURTAIN + shift, "category", "category_created", _category(name))
    for scene in scenes:
        at = moment(scene.at, shift)
        if isinstance(scene, Act):
            yield _delivery(at, *_done(scene, cast, shift))
            continue
        if scene.root is None:
            yield _delivery(at, "topic", "topic_created", _topic(scene, cast, shift))
        yield _delivery(at, "post", "post_created", _post(scene, cast, shift))


def sign(secret: bytes, body: bytes, now: datetime) -> Mapping[str, str]:
    """Sign as Discourse does: `sha256=` and the HMAC-SHA256 over the body."""
    del now
    return {"x-discourse-event-signature": f"sha256={hmac.new(secret, body, hashlib.sha256).hexdigest()}"}


def _delivery(at: datetime, kind: str, event: str, subject: Mapping[str, Any]) -> Delivery:
    body = orjson.dumps({kind: subject})
    number = int.from_bytes(hashlib.blake2b(event.encode() + body, digest_size=4).digest())
    headers = {
        "x-discourse-instance": FORUM,
        "x-discourse-event-id": str(number),
        "x-discourse-event-type": kind,
        "x-discourse-event": event,
    }
    return Delivery(at, body, sign, headers)


def _category(name: str) -> dict[str, Any]:
    return {"id": CATEGORIES[name], "name": name, "slug": name, "read_restricted": True}


def _topic(message: Message, cast: Mapping[str, Player], shift: timedelta) -> dict[str, Any]:
    author = cast[message.who]
    return {
        "id": _topic_id(message, shift),
        "title": message.title,
        "created_at": _time(moment(message.at, shift)),
        "archetype": "regular",
        "category_id": CATEGORIES[message.place],
        "user_id": author.discourse,
        "created_by": {"id": author.discourse, "username": author.handle, "name": author.name},
    }


def _post(message: Message, cast: Mapping[str, Player], shift: timedelta) -> dict[str, Any]:
    author, root, written = cast[message.who], message.root or message, _time(moment(message.at, shift))
    above = message.replies_to.number if message.replies_to and message.replies_to.root else None
    topic = _topic_id(root, shift)
    return {
        "id": topic * 100 + message.number,
        "topic_id": topic,
        "topic_title": root.title,
        "topic_archetype": "regular",
        "category_id": CATEGORIES[root.place],
        "post_number": message.number,
        "post_type": 1,
        "reply_to_post_number": above,
        "user_id": author.discourse,
        "username": author.handle,
        "name": author.name,
        "raw": message.said,
        "cooked": f"<p>{escape(message.said)}</p>",
        "created_at": written,
        "updated_at": written,
        "version": 1,
    }


def _done(act: Act, cast: Mapping[str, Player], shift: timedelta) -> tuple[str, str, dict[str, Any]]:
    """Return the kind of an act's delivery, its event, and what stands in it."""
    actor, when = cast[act.who], _time(moment(act.at, shift))
    post = {**_post(act.target, cast, shift), "updated_at": when}
    user = {"id": actor.discourse, "username": actor.handle, "name": actor.name}
    match act.doing:
        case Doing.EDIT:
            return "post", "post_edited", {**post, "raw": act.said, "cooked": f"<p>{escape(act.said or '')}</p>", "version": 2}
        case Doing.DELETE:
            return "post", "post_destroyed", {**post, "deleted_at": when, "deleted_by": user}
        case "solved":
            return "solved", "accepted_solution", post
        case "vote":
            vote = {
                "topic_id": post["topic_id"],
                "topic_title": post["topic_title"],
                "voter_id": actor.discourse,
                "vote_count": 1,
            }
            return "topic_voting", "topic_upvote", vote
        case "like":
            return "like", "post_liked", {"post": post, "user": user}
        case other:
            raise ValueError(f"Discourse knows no act {other!r}")


def _topic_id(root: Message, shift: timedelta) -> int:
    """Return the number of a topic: the minute in which it begins, another for every time at which the play is set."""
    return (moment(root.at, shift) - _EPOCH) // _MINUTE


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"

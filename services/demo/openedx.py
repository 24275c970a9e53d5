"""Scenes as tracking events of Open edX, as they are routed (docs.openedx.org, "Events in the tracking logs")."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any, Final

import orjson

from services.demo.cast import CAMPUS, Player
from services.demo.delivery import Delivery, moment
from services.demo.play import Act, Message, Scene

COURSES: Final = {"SEC101": "course-v1:Meridian+SEC101+2026"}


def deliveries(scenes: Sequence[Scene], cast: Mapping[str, Player], shift: timedelta) -> Iterator[Delivery]:
    """Return what Open edX would send of *scenes*, moved by *shift*."""
    for scene in scenes:
        message = scene if isinstance(scene, Message) else scene.target
        name, data = _said(scene, shift) if isinstance(scene, Message) else _done(scene, cast, shift)
        at, player = moment(scene.at, shift), cast[scene.who]
        event = {
            "name": f"edx.forum.{name}",
            "timestamp": at.astimezone(UTC).isoformat(),
            "data": {"id": _id(message, shift), "commentable_id": "course", "user_course_roles": [], **data},
            "context": {
                "course_id": COURSES[message.place],
                "org_id": "Meridian",
                "user_id": int(player.accounts[CAMPUS]),
                "username": player.handle,
                "path": "/api/discussion/v1/threads/",
            },
        }
        yield Delivery(at, orjson.dumps([event]), sign)


def sign(secret: bytes, body: bytes, now: datetime) -> Mapping[str, str]:
    """Show the secret, as event-routing-backends does."""
    del body, now
    return {"authorization": f"Bearer {secret.decode()}"}


def _said(message: Message, shift: timedelta) -> tuple[str, dict[str, Any]]:
    """Return what is told of a message: a thread, a response to it, or a comment on a response."""
    body = {"body": f"<p>{escape(message.said)}</p>", "truncated": False}
    if message.root is None:
        titled = {"thread_type": "question", "title": message.title, "title_truncated": False, "group_id": None}
        return "thread.created", {**titled, "anonymous": False, "anonymous_to_peers": False, **body}
    within = {"discussion": {"id": _id(message.root, shift)}, **body}
    above = message.replies_to
    if above is None or above.root is None:
        return "response.created", within
    return "comment.created", {**within, "response": {"id": _id(above, shift)}}


def _done(act: Act, cast: Mapping[str, Player], shift: timedelta) -> tuple[str, dict[str, Any]]:
    author, root = cast[act.target.who].handle, act.target.root or act.target
    match act.doing:
        case "solved":
            marked = {"mark_type": "Answer", "is_thread_author": act.who == root.who, "target_username": author}
            return "response.mark", {"discussion": {"id": _id(root, shift)}, **marked}
        case "vote":
            kind = "response" if act.target.root else "thread"
            return f"{kind}.voted", {"vote_value": "up", "undo_vote": False, "target_username": author}
        case other:
            raise ValueError(f"Open edX knows no act {other!r}")


def _id(message: Message, shift: timedelta) -> str:
    """Return an id that only this message has, another for every time at which the play is set."""
    said = f"{message.place} {message.number} {moment(message.at, shift).isoformat()}"
    return hashlib.blake2b(said.encode(), digest_size=12).hexdigest()

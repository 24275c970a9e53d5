"""Scenes as GitHub's webhooks deliver them: discussions, and what is said in them (docs.github.com)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson

from services.demo.cast import GITHUB, Player
from services.demo.delivery import Delivery, moment
from services.demo.play import Act, Doing, Message, Scene

_EPOCH: Final = datetime(2020, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)
QUESTIONS: Final = {"id": 7, "name": "Q&A", "slug": "q-a", "is_answerable": True}


def deliveries(scenes: Sequence[Scene], cast: Mapping[str, Player], shift: timedelta) -> Iterator[Delivery]:
    """Return what GitHub would send of *scenes*, moved by *shift*."""
    for scene in scenes:
        event, action, said = _said(scene, cast, shift) if isinstance(scene, Message) else _done(scene, cast, shift)
        repository = (scene if isinstance(scene, Message) else scene.target).place
        body = orjson.dumps(
            {
                "action": action,
                **said,
                "repository": {"id": 501, "full_name": repository, "private": False, "visibility": "public"},
                "sender": _person(cast[scene.who]),
            }
        )
        name = UUID(bytes=hashlib.blake2b(event.encode() + body, digest_size=16).digest(), version=4)
        headers = {"x-github-event": event, "x-github-delivery": str(name)}
        yield Delivery(moment(scene.at, shift), body, sign, headers)


def sign(secret: bytes, body: bytes, now: datetime) -> Mapping[str, str]:
    """Sign as GitHub does: `sha256=` and the HMAC-SHA256 over the body."""
    del now
    return {"x-hub-signature-256": f"sha256={hmac.new(secret, body, hashlib.sha256).hexdigest()}"}


def _said(message: Message, cast: Mapping[str, Player], shift: timedelta) -> tuple[str, str, dict[str, Any]]:
    """Return the event of a message, its action, and what stands in it."""
    if message.root is None:
        return "discussion", "created", {"discussion": _discussion(message, cast, shift)}
    said = {"discussion": _discussion(message.root, cast, shift), "comment": _comment(message, cast, shift)}
    return "discussion_comment", "created", said


def _done(act: Act, cast: Mapping[str, Player], shift: timedelta) -> tuple[str, str, dict[str, Any]]:
    """Return the event of an act, its action, and what stands in it."""
    when, discussion = _time(act.at, shift), _discussion(act.target.root or act.target, cast, shift)
    comment = _comment(act.target, cast, shift)
    match act.doing:
        case Doing.EDIT:
            mended = {**comment, "body": act.said, "updated_at": when}
            changes = {"body": {"from": comment["body"]}}
            return "discussion_comment", "edited", {"discussion": discussion, "comment": mended, "changes": changes}
        case "solved":
            chosen = {**discussion, "answer_chosen_at": when, "answer_chosen_by": _person(cast[act.who])}
            return "discussion", "answered", {"discussion": chosen, "answer": comment}
        case other:
            raise ValueError(f"GitHub knows no act {other!r}")


def _discussion(message: Message, cast: Mapping[str, Player], shift: timedelta) -> dict[str, Any]:
    number, made = _number(message, shift), _time(message.at, shift)
    return {
        "id": number,
        "number": number,
        "title": message.title,
        "body": message.said,
        "category": QUESTIONS,
        "user": _person(cast[message.who]),
        "created_at": made,
        "updated_at": made,
        "answer_chosen_at": None,
        "answer_chosen_by": None,
    }


def _comment(message: Message, cast: Mapping[str, Player], shift: timedelta) -> dict[str, Any]:
    above = message.replies_to if message.replies_to and message.replies_to.root else None
    made = _time(message.at, shift)
    return {
        "id": _number(message, shift),
        "parent_id": _number(above, shift) if above else None,
        "user": _person(cast[message.who]),
        "body": message.said,
        "created_at": made,
        "updated_at": made,
    }


def _person(player: Player) -> dict[str, Any]:
    return {"id": int(player.accounts[GITHUB]), "login": player.handle, "type": "User"}


def _number(message: Message, shift: timedelta) -> int:
    """Return a number that only this message has: the second in which it is said, the play being moved by *shift*."""
    return (moment(message.at, shift) - _EPOCH) // _SECOND


def _time(at: timedelta, shift: timedelta) -> str:
    return moment(at, shift).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

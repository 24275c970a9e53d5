"""Recorded statements of a small conversation, as the recorder would say them."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

import msgspec
import orjson

from shared.contracts import RECORDED, Recorded, encode
from shared.stream import Batch, Partition, Record
from shared.xapi.vocabulary import TARGET_EXTENSION, ActivityType, Verb

HOME = "https://acme.chat.example"
COURSE = "https://lms.example/course/python-101"
NAMESPACE = UUID("8f2f2f0c-5c83-5d55-9d0e-3a8f0d1f6aff")


def account(name: str) -> dict[str, Any]:
    return {"objectType": "Agent", "account": {"homePage": HOME, "name": name}}


def message(name: str) -> str:
    return f"{HOME}/archives/C1/{name}"


def statement(
    name: str,
    actor: str,
    verb: Verb,
    about: str,
    *,
    parent: str | None = None,
    text: str = "",
    target: str | None = None,
    channel: str = "C1",
    second: int = 0,
) -> dict[str, Any]:
    """Say that *actor* did *verb* to the message *about*, which answers the message *parent*."""
    context: dict[str, Any] = {"team": {"objectType": "Group", "account": {"homePage": HOME, "name": channel}}}
    if parent:
        context["contextActivities"] = {"parent": [{"id": message(parent)}]}
    if target:
        context["extensions"] = {TARGET_EXTENSION: account(target)}
    written: dict[str, Any] = {
        "id": str(uuid5(NAMESPACE, name)),
        "actor": account(actor),
        "verb": {"id": verb},
        "object": {"id": message(about), "definition": {"type": ActivityType.CHAT_MESSAGE}},
        "context": context,
        "timestamp": f"2026-03-02T09:00:{second:02d}Z",
        "stored": f"2026-03-02T09:01:{second:02d}Z",
        "version": "1.0.3",
    }
    if text:
        written["result"] = {"response": text}
    return written


def recorded(said: dict[str, Any], seq: int = 1, *, voided: bool = False, redacted_at: str | None = None) -> Recorded:
    return Recorded(
        said["id"],
        seq,
        "2026-03-02T09:01:00.000000Z",
        "2026-03-02T09:00:59.000000Z",
        "source:chat",
        msgspec.Raw(orjson.dumps(said)),
        voided=voided,
        redacted_at=redacted_at,
    )


def batch(*messages: Recorded, partition: int = 0) -> Batch:
    place = Partition(RECORDED.name, partition)
    return Batch(place, tuple(Record(place, at, one.id.encode(), encode(one)) for at, one in enumerate(messages)))

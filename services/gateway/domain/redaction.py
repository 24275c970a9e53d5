"""Take the text out of a statement, and leave who did what to which thing, and when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import msgspec

Kept: TypeAlias = Callable[[bytes], bytes | None]
"""Return what remains of a JSON value, byte for byte where it stays, or None where nothing does."""


def redact(body: bytes) -> bytes:
    """Return the statement *body* (JSON) without the text that was written.

    Gone are `result.response`, the definitions of activities but for their types, attachments, and all extensions. What stays
    keeps its bytes and its order, so that redacting before recording and after it, once and twice, give the same bytes.
    """
    return _statement(body) or b"{}"


def _whole(value: bytes) -> bytes:
    return value


def _members(rules: Mapping[str, Kept]) -> Kept:
    """Keep of an object the members that *rules* name; an object of which nothing stays goes with them."""

    def keep(value: bytes) -> bytes | None:
        members = _object.decode(value)
        kept = {key: left for key, raw in members.items() if key in rules and (left := rules[key](bytes(raw))) is not None}
        return msgspec.json.encode({key: msgspec.Raw(left) for key, left in kept.items()}) if kept else None

    return keep


def _each(rule: Kept) -> Kept:
    """Keep of an array what *rule* keeps of its elements; a single value stands for an array of one (as xAPI 0.95 wrote it)."""

    def keep(value: bytes) -> bytes | None:
        if not value.lstrip().startswith(b"["):
            return rule(value)
        kept = [left for raw in _array.decode(value) if (left := rule(bytes(raw))) is not None]
        return msgspec.json.encode([msgspec.Raw(left) for left in kept])

    return keep


def _typed(by_type: Mapping[str, Kept]) -> Kept:
    """Keep of an object what the rule of its `objectType` keeps; without one it is an activity (1.0.3 Data §2.4.4)."""

    def keep(value: bytes) -> bytes | None:
        return by_type[_type.decode(value).object_type](value)

    return keep


class _Typed(msgspec.Struct, rename="camel"):
    object_type: str = "Activity"


_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_array = msgspec.json.Decoder(list[msgspec.Raw])
_type = msgspec.json.Decoder(_Typed)

_activity = _members({"objectType": _whole, "id": _whole, "definition": _members({"type": _whole})})
_result = _members({"score": _whole, "success": _whole, "completion": _whole, "duration": _whole})
_context = _members(
    {
        "registration": _whole,
        "instructor": _whole,
        "team": _whole,
        "contextActivities": _members(
            {"parent": _each(_activity), "grouping": _each(_activity), "category": _each(_activity), "other": _each(_activity)}
        ),
        "contextAgents": _whole,
        "contextGroups": _whole,
        "revision": _whole,
        "platform": _whole,
        "language": _whole,
        "statement": _whole,
    }
)
_things: dict[str, Kept] = {"Activity": _activity, "Agent": _whole, "Group": _whole, "StatementRef": _whole}
_part: dict[str, Kept] = {
    "objectType": _whole,
    "actor": _whole,
    "verb": _whole,
    "object": _typed(_things),
    "result": _result,
    "context": _context,
    "timestamp": _whole,
}
_statement = _members(
    {
        **_part,
        "object": _typed({**_things, "SubStatement": _members(_part)}),
        "id": _whole,
        "stored": _whole,
        "authority": _whole,
        "version": _whole,
    }
)

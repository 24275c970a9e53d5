"""Context activities are lists, also where one came alone (1.0.3 Data §2.4.6.2); all other bytes stay as they were sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from shared.xapi.scan import TOKEN, members


def has_activity_alone(statement: Mapping[str, Any]) -> bool:
    """Say whether a context of *statement*, or of its SubStatement, relates to an activity that stands in no list."""
    if "context" in statement and _alone(statement["context"]):
        return True
    target = statement["object"]
    return target.get("objectType") == "SubStatement" and "context" in target and _alone(target["context"])


def in_lists(raw: bytes) -> bytes:
    """Return the statement *raw* (one valid JSON object) with each context activity that stands alone in a list of one."""
    return _member(_context(raw), "object", _context)


def _alone(context: Mapping[str, Any]) -> bool:
    return dict in map(type, context.get("contextActivities", {}).values())


def _context(raw: bytes) -> bytes:
    return _member(raw, "context", lambda context: _member(context, "contextActivities", _lists))


def _lists(activities: bytes) -> bytes:
    return _joined(before + (b"[" + value + b"]" if value.startswith(b"{") else value) for _, before, value in _split(activities))


def _member(raw: bytes, name: str, rewrite: Callable[[bytes], bytes]) -> bytes:
    """Return the JSON object *raw* with the value of the member called *name* rewritten, if it has that."""
    found = list(_split(raw))
    if all(key != name for key, _, _ in found):
        return raw
    return _joined(before + (rewrite(value) if key == name else value) for key, before, value in found)


def _split(raw: bytes) -> Iterator[tuple[str, bytes, bytes]]:
    """Yield of each member its key, the bytes up to its value, and its value."""
    for key, start, end in members(raw):
        member = raw[start:end]
        value = member[_end_of_key(member) :].lstrip(b" \t\r\n:")
        yield key, member[: len(member) - len(value)], value


def _end_of_key(member: bytes) -> int:
    """Return where the string that a member starts with ends."""
    key = TOKEN.match(member)
    return key.end() if key else 0


def _joined(parts: Iterator[bytes]) -> bytes:
    return b"{" + b",".join(parts) + b"}"

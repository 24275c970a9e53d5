"""Compare statements by content, and change members of their JSON while the other bytes stay as they are."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID, uuid5

import msgspec
import orjson

from shared.xapi import ifi
from shared.xapi.model import JSON, StatementId
from shared.xapi.scan import members
from shared.xapi.timestamps import in_utc

SET_BY_US: Final = ("stored", "authority", "version")
"""Properties that an LRS sets or replaces; they are no part of what the client said."""
CONTENT_NAMESPACE: Final = UUID("9a3f7a3e-55d7-5b26-8d1c-4f4a6f0e7b11")
"""The namespace of ids that are derived from content; if it changed, statements that are sent again would be recorded twice."""

DEFAULT_TYPES: Final = ("Agent", "Activity")
"""The objectType that is meant where none is given: the first for actors, the second for objects."""

_ACTORS: Final = ("instructor", "team")
_RELEVANT: Final = {"contextAgents": "agent", "contextGroups": "group"}
_NOTHING: Final[dict[str, JSON]] = {}
_LAST_OF_ALL_WHOLE: Final = 2**53
"""Up to here, a double stands for exactly one whole number."""
_BEYOND_HUNDREDTHS: Final = re.compile(r"(?<=[.,][0-9]{2})[0-9]+(?=S$)")
_ARRAY: Final = msgspec.json.Decoder(list[msgspec.Raw])


def digest(statement: Mapping[str, JSON]) -> bytes:
    """Return 32 bytes (SHA-256) that are equal for valid statements of equal content, whatever the order of members and spacing.

    What an LRS may change without changing the statement does not count (1.0.3 Data §2.3.1): `stored`, `authority`, `version`, a
    verb's display, an activity's definition, the zone in which a time is written, the order of a group's members, the case of an
    mbox's domain. A single context activity equals a list of one (§2.4.6.2), and durations are compared to hundredths of a second
    (2.0.0 §4.2.7). Everything else counts; numbers are compared as IEEE 754 doubles, or as whole numbers of any size.
    """
    content = dict(statement)
    for name in SET_BY_US:
        content.pop(name, None)
    return hashlib.sha256(_sorted(_comparable(content))).digest()


def without_default_types(statement: Mapping[str, JSON]) -> dict[str, JSON]:
    """Return a valid *statement* without the object types that are the default.

    These are `Agent` where only actors can be, and `Activity` (1.0.3 Data §2.4.2.1, §2.4.4.1).
    """
    brief: dict[str, Any] = {**statement, "actor": _brief(statement["actor"]), "object": _brief_object(statement["object"])}
    if "context" in statement:
        brief["context"] = _brief_context(brief["context"])
    return brief


def with_whole_numbers(statement: JSON) -> JSON:
    """Return *statement* with whole numbers written as such, `3` for `3.0`; the same object where all are already."""
    match statement:
        case float() if statement.is_integer() and abs(statement) <= _LAST_OF_ALL_WHOLE:
            return int(statement)
        case dict():
            inner: JSON = {name: with_whole_numbers(value) for name, value in statement.items()}
            return inner if any(inner[name] is not value for name, value in statement.items()) else statement
        case list():
            each = [with_whole_numbers(value) for value in statement]
            return each if any(new is not old for new, old in zip(each, statement, strict=True)) else statement
        case _:
            return statement


def with_decimal_score(statement: dict[str, Any]) -> dict[str, Any]:
    """Return a valid *statement* with the numbers of its score written `3.0` for `3`; the same object where all are already."""
    score = statement.get("result", _NOTHING).get("score", _NOTHING)
    if not any(isinstance(number, int) and abs(number) <= _LAST_OF_ALL_WHOLE for number in score.values()):
        return statement
    decimal = {name: float(number) if abs(number) <= _LAST_OF_ALL_WHOLE else number for name, number in score.items()}
    return {**statement, "result": {**statement["result"], "score": decimal}}


def content_id(credential: str, statement: Mapping[str, JSON]) -> StatementId:
    """Return an id (UUIDv5) for a *statement* without one; the same content sent with the same *credential* gets the same id."""
    return StatementId(str(uuid5(CONTENT_NAMESPACE, f"{digest(statement).hex()} {credential}")))


def splice(raw: bytes, **fields: JSON) -> bytes:
    """Return the statement *raw* with *fields* set at its top level, and every other member byte by byte as it was.

    *raw* is a well-formed JSON object; members with the names of *fields* are removed first.
    """
    return add(cut(raw, *fields), **fields)


def add(raw: bytes, **fields: JSON) -> bytes:
    """Return the statement *raw* with *fields* added at its top level, where it has none of them yet, and the rest as it was."""
    raw = raw.strip(b" \t\r\n")
    if not fields:
        return raw
    body = raw[:-1].rstrip(b" \t\r\n")
    comma = b"" if body == b"{" else b","
    return body + comma + orjson.dumps(fields)[1:]


def cut(raw: bytes, *names: str) -> bytes:
    """Return the JSON object *raw* without its top-level members called *names*."""
    # A key can be spelled with \u escapes; without those and without the quoted name, there is no such member.
    if b"\\u" not in raw and not any(f'"{name}"'.encode() in raw for name in names):
        return raw
    found = list(members(raw))
    if not any(member.key in names for member in found):
        return raw
    return b"{" + b",".join(raw[start:end] for key, start, end in found if key not in names) + b"}"


def split(raw: bytes) -> list[bytes]:
    """Return the bytes of each statement in *raw*, a well-formed JSON array of objects, or one such object."""
    if raw.lstrip(b" \t\r\n")[:1] == b"{":
        return [raw.strip(b" \t\r\n")]
    return [bytes(item).strip(b" \t\r\n") for item in _ARRAY.decode(raw)]


def _sorted(value: JSON) -> bytes:
    """Write *value* with sorted keys; a value with whole numbers beyond 64 bits is always written in the slower way."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def _comparable(statement: dict[str, Any]) -> dict[str, Any]:
    """Copy *statement* without what does not count, and write in one way what may be written in several."""
    content = {**statement, "actor": _actor(statement["actor"]), "object": _object(statement["object"])}
    if "display" in statement.get("verb", _NOTHING):
        content["verb"] = {"id": statement["verb"]["id"]}
    if "timestamp" in statement:
        content["timestamp"] = _moment(statement["timestamp"])
    if "context" in statement:
        content["context"] = _context(statement["context"])
    result = statement.get("result", _NOTHING)
    if "duration" in result and _BEYOND_HUNDREDTHS.search(result["duration"]):
        content["result"] = {**result, "duration": _BEYOND_HUNDREDTHS.sub("", result["duration"])}
    return content


def _moment(text: str) -> str:
    """Write a timestamp in UTC, without trailing zeros."""
    moment = in_utc(text)
    return f"{moment[:-1].rstrip('0').rstrip('.')}Z" if "." in moment else moment


def _object(target: dict[str, Any]) -> dict[str, Any]:
    match target.get("objectType", "Activity"):
        case "SubStatement":
            return _comparable(target)
        case "Agent" | "Group":
            return _actor(target)
        case _:
            return _activity(target)


def _activity(activity: dict[str, Any]) -> dict[str, Any]:
    """Leave out the definition of an activity, which is no part of the statement's content."""
    if "definition" not in activity:
        return activity
    named = activity.copy()
    del named["definition"]
    return named


def _context(context: dict[str, Any]) -> dict[str, Any]:
    content = context.copy()
    for name in _ACTORS:
        if name in context:
            content[name] = _actor(context[name])
    if "contextActivities" in context:
        content["contextActivities"] = {
            relation: [_activity(activity) for activity in ([each] if isinstance(each, dict) else each)]
            for relation, each in context["contextActivities"].items()
        }
    for names, name in _RELEVANT.items():
        if names in context:
            content[names] = [{**item, name: _actor(item[name])} for item in context[names]]
    return content


def _brief(thing: Any) -> dict[str, Any]:
    """Leave out the type of an agent or an activity, and those of a group's members."""
    brief = {name: value for name, value in thing.items() if name != "objectType" or value not in DEFAULT_TYPES}
    return {**brief, "member": [_brief(each) for each in brief["member"]]} if "member" in brief else brief


def _brief_object(target: Any) -> dict[str, Any]:
    match target.get("objectType", "Activity"):
        case "SubStatement":
            return without_default_types(target)
        case "Agent":
            return dict(target)
        case _:
            return _brief(target)


def _brief_context(context: dict[str, Any]) -> dict[str, Any]:
    brief = {name: _brief(value) if name in _ACTORS else value for name, value in context.items()}
    if "contextActivities" in context:
        brief["contextActivities"] = {
            relation: [_brief(each) for each in ([named] if isinstance(named, dict) else named)]
            for relation, named in context["contextActivities"].items()
        }
    for names, name in _RELEVANT.items():
        if names in context:
            brief[names] = [{**item, name: _brief(item[name])} for item in context[names]]
    return brief


def _actor(actor: dict[str, Any]) -> dict[str, Any]:
    """Sort the members of *actor*, if it has any, and write the domain of its mbox in lower case."""
    if "mbox" in actor and not actor["mbox"].islower():
        actor = {**actor, "mbox": ifi.lower_domain(actor["mbox"])}
    if "member" not in actor:
        return actor
    return {**actor, "member": sorted(map(_actor, actor["member"]), key=_sorted)}

"""Compare statements by content, and change their bytes without writing them anew."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID, uuid5

import msgspec
import orjson

from shared.xapi.model import JSON, StatementId
from shared.xapi.scan import members

SET_BY_US: Final = ("stored", "authority", "version")
"""Properties that an LRS sets or replaces: they are not what the client said."""
CONTENT_NAMESPACE: Final = UUID("9a3f7a3e-55d7-5b26-8d1c-4f4a6f0e7b11")
"""The namespace of ids that are derived from content; changing it would double history."""

_NOTHING: Final[dict[str, JSON]] = {}
_BEYOND_HUNDREDTHS: Final = re.compile(r"(?<=[.,][0-9]{2})[0-9]+(?=S$)")
_ARRAY: Final = msgspec.json.Decoder(list[msgspec.Raw])


def digest(statement: Mapping[str, JSON]) -> bytes:
    """Return 32 bytes (SHA-256) of a valid statement: equal for equal content, in whatever order and spacing.

    Left out are `stored`, `authority` and `version`; the members of a group have no order (1.0.3 Data §2.3.1), a context activity
    that stands alone is a list of one (§2.4.6.2), and durations are compared to hundredths of seconds (§4.6).
    Everything else counts, numbers as IEEE 754 doubles or whole numbers of any size.
    """
    content = {name: value for name, value in statement.items() if name not in SET_BY_US}
    return hashlib.sha256(_sorted(_without_order(content))).digest()


def content_id(credential: str, statement: Mapping[str, JSON]) -> StatementId:
    """Return the id (UUIDv5) of a *statement* without one: the same content by the same *credential* has the same id."""
    return StatementId(str(uuid5(CONTENT_NAMESPACE, f"{digest(statement).hex()} {credential}")))


def splice(raw: bytes, **fields: JSON) -> bytes:
    """Return the statement *raw* with *fields* set at its top level, every other member byte by byte as it was.

    *raw* is one well-formed JSON object; a member of the same name is cut out first. Values are JSON.
    """
    return add(cut(raw, *fields), **fields)


def add(raw: bytes, **fields: JSON) -> bytes:
    """Return the statement *raw*, which has none of *fields* at its top level, with them added, the rest as it was."""
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
    """Write *value* with sorted keys; whole numbers beyond 64 bits take the slower way, and so always the same."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def _without_order(statement: dict[str, Any]) -> dict[str, Any]:
    """Copy *statement* with the members of every group sorted, and what may be written in several ways written in one."""
    content = {**statement, "actor": _group(statement["actor"]), "object": _object(statement["object"])}
    if "context" in statement:
        content["context"] = _context(statement["context"])
    result = statement.get("result", _NOTHING)
    if "duration" in result and _BEYOND_HUNDREDTHS.search(result["duration"]):
        content["result"] = {**result, "duration": _BEYOND_HUNDREDTHS.sub("", result["duration"])}
    return content


def _object(target: dict[str, Any]) -> dict[str, Any]:
    return _without_order(target) if target.get("objectType") == "SubStatement" else _group(target)


def _context(context: dict[str, Any]) -> dict[str, Any]:
    content = {name: _group(value) if name in {"instructor", "team"} else value for name, value in context.items()}
    related = context.get("contextActivities", _NOTHING)
    if dict in map(type, related.values()):
        content["contextActivities"] = {
            relation: [each] if isinstance(each, dict) else each for relation, each in related.items()
        }
    if "contextGroups" in context:
        content["contextGroups"] = [{**item, "group": _group(item["group"])} for item in context["contextGroups"]]
    return content


def _group(actor: dict[str, Any]) -> dict[str, Any]:
    """Sort the members of *actor* if it has any."""
    if "member" not in actor:
        return actor
    return {**actor, "member": sorted(actor["member"], key=_sorted)}

"""The formats `ids` and `canonical` of stored statements (1.0.3 Communication §2.1.3); `exact` is the stored bytes.

Only objects that a format changes are written anew; all other values are copied byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, TypeAlias

import msgspec

Rewrite: TypeAlias = Callable[[msgspec.Raw], msgspec.Raw]


class Format(StrEnum):
    """How much of a statement is returned."""

    EXACT = "exact"
    IDS = "ids"
    CANONICAL = "canonical"


def only_ids(statement: bytes) -> bytes:
    """Return *statement* with nothing in agents, groups, activities and verbs but what identifies them."""
    return bytes(_statement(_IDS)(msgspec.Raw(statement)))


def one_language(statement: bytes, accepted: Sequence[str]) -> bytes:
    """Return *statement* with one language in each language map of verbs and activities: the first of *accepted* that fits."""
    return bytes(_statement(_canonical(accepted))(msgspec.Raw(statement)))


def accepted_languages(header: str | None) -> tuple[str, ...]:
    """Read `Accept-Language` (RFC 9110 §12.5.4) into language ranges in lower case, the most wanted first."""
    ranges: list[tuple[float, str]] = []
    for item in (header or "").split(","):
        name, _, parameter = item.partition(";")
        quality = _quality(parameter)
        if name.strip() and quality > 0:
            ranges.append((-quality, name.strip().lower()))
    return tuple(name for _, name in sorted(ranges, key=lambda weighted: weighted[0]))


def choose(tags: Iterable[str], accepted: Sequence[str]) -> str | None:
    """Return the tag that the first fitting range matches (RFC 4647 §3.4, lookup, then the range's language alone), or any."""
    offered = list(tags)
    for wanted in accepted:
        for tag in offered:
            lowered = tag.lower()
            if wanted in {"*", lowered} or lowered.startswith(f"{wanted}-") or wanted.startswith(f"{lowered}-"):
                return tag
    return offered[0] if offered else None


_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ARRAY: Final = msgspec.json.Decoder(list[msgspec.Raw])
_MAP: Final = msgspec.json.Decoder(dict[str, str])

_IFI: Final = ("objectType", "mbox", "mbox_sha1sum", "openid", "account")


class _Rewrites(msgspec.Struct, frozen=True):
    """What a format does to each kind of object."""

    actor: Rewrite
    verb: Rewrite
    activity: Rewrite


def _statement(rewrites: _Rewrites) -> Rewrite:
    """Rewrite a statement or SubStatement."""

    def target(value: msgspec.Raw) -> msgspec.Raw:
        match _object_type(value):
            case "Agent" | "Group":
                return rewrites.actor(value)
            case "SubStatement":
                return _statement(rewrites)(value)
            case "StatementRef":
                return value
            case _:
                return rewrites.activity(value)

    one_or_many = _each(rewrites.activity)
    activities = _members(dict.fromkeys(("parent", "grouping", "category", "other"), one_or_many))
    context = _members(
        {
            "instructor": rewrites.actor,
            "team": rewrites.actor,
            "contextActivities": activities,
            "contextAgents": _each(_members({"agent": rewrites.actor})),
            "contextGroups": _each(_members({"group": rewrites.actor})),
        }
    )
    return _members(
        {"actor": rewrites.actor, "verb": rewrites.verb, "object": target, "context": context, "authority": rewrites.actor}
    )


def _members(rules: Mapping[str, Rewrite]) -> Rewrite:
    """Rewrite the members of an object that *rules* name, and copy the others."""

    def rewrite(value: msgspec.Raw) -> msgspec.Raw:
        members = _OBJECT.decode(value)
        return _raw({key: rules[key](raw) if key in rules else raw for key, raw in members.items()})

    return rewrite


def _each(rule: Rewrite) -> Rewrite:
    """Rewrite each element of an array; a single value stands for an array of one."""

    def rewrite(value: msgspec.Raw) -> msgspec.Raw:
        if not bytes(value).lstrip().startswith(b"["):
            return rule(value)
        return _raw([rule(element) for element in _ARRAY.decode(value)])

    return rewrite


def _keep(*names: str) -> Rewrite:
    """Keep of an object the members called *names*."""

    def rewrite(value: msgspec.Raw) -> msgspec.Raw:
        return _raw({key: raw for key, raw in _OBJECT.decode(value).items() if key in names})

    return rewrite


def _identified(value: msgspec.Raw) -> msgspec.Raw:
    """Keep of an agent or group its identifier; of an anonymous group its members' identifiers."""
    members = _OBJECT.decode(value)
    kept: dict[str, msgspec.Raw] = {key: raw for key, raw in members.items() if key in _IFI}
    if "member" in members and not kept.keys() - {"objectType"}:
        kept["member"] = _each(_identified)(members["member"])
    return _raw(kept)


def _canonical(accepted: Sequence[str]) -> _Rewrites:
    def language(value: msgspec.Raw) -> msgspec.Raw:
        spoken = _MAP.decode(value)
        chosen = choose(spoken, accepted)
        return value if chosen is None else _raw({chosen: spoken[chosen]})

    components = _each(_members({"description": language}))
    lists = dict.fromkeys(("choices", "scale", "source", "target", "steps"), components)
    definition = _members({"name": language, "description": language, **lists})
    return _Rewrites(actor=_copy, verb=_members({"display": language}), activity=_members({"definition": definition}))


def _copy(value: msgspec.Raw) -> msgspec.Raw:
    return value


_IDS: Final = _Rewrites(actor=_identified, verb=_keep("id"), activity=_keep("objectType", "id"))


def _object_type(value: msgspec.Raw) -> str:
    found = _OBJECT.decode(value).get("objectType")
    return "Activity" if found is None else msgspec.json.decode(found, type=str)


def _raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


def _quality(parameter: str) -> float:
    """Read `q=0.5`; a weight that is none counts as zero."""
    name, _, weight = parameter.strip().partition("=")
    if not name:
        return 1.0
    try:
        quality = float(weight) if name.strip().lower() == "q" else 0.0
    except ValueError:
        return 0.0
    return quality if 0.0 <= quality <= 1.0 else 0.0

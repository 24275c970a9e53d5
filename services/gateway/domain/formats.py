"""The formats `ids` and `canonical` of stored statements (1.0.3 Communication §2.1.3); `exact` is the stored bytes.

Only objects that a format changes are written anew; all other values are copied byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from enum import StrEnum
from typing import Any, Final, TypeAlias

import msgspec

Rewrite: TypeAlias = Callable[[msgspec.Raw], msgspec.Raw]

MOST_RANGES: Final = 32
"""Items of an `Accept-Language` that are read: each is looked for in each language map of an answer."""
_RANGE: Final = re.compile(r"\*|[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_WEIGHT: Final = re.compile(r"[qQ]\s*=\s*(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")


class Format(StrEnum):
    """How much of a statement is returned."""

    EXACT = "exact"
    IDS = "ids"
    CANONICAL = "canonical"


def only_ids(statement: bytes) -> bytes:
    """Return *statement* with nothing in agents, groups, activities and verbs but what identifies them."""
    return bytes(_statement(_IDS)(msgspec.Raw(statement)))


def canonical(statement: bytes, accepted: Accepted, definitions: Mapping[str, bytes]) -> bytes:
    """Return *statement* with *definitions* (JSON, by activity id) in place of its own, and one language in each language map.

    An activity that nobody defined keeps what the statement says of it. Language maps are those of verbs and activities.
    """
    return bytes(_statement(_canonical(accepted, definitions))(msgspec.Raw(statement)))


class Accepted(msgspec.Struct, frozen=True):
    """The language ranges of an `Accept-Language`, in lower case: the most *wanted* first, and those *refused* with q=0."""

    wanted: tuple[str, ...] = ()
    refused: frozenset[str] = frozenset()


def accepted_languages(header: str | None) -> Accepted:
    """Read `Accept-Language` (RFC 9110 §12.5.4); an item that is none is passed over, and so is what follows MOST_RANGES."""
    ranges: list[tuple[float, str]] = []
    for item in (header or "").split(",", MOST_RANGES)[:MOST_RANGES]:
        name, _, parameter = item.partition(";")
        quality = _quality(parameter)
        if quality is not None and _RANGE.fullmatch(name.strip()):
            ranges.append((-quality, name.strip().lower()))
    wanted = tuple(name for weight, name in sorted(ranges, key=lambda weighted: weighted[0]) if weight)
    return Accepted(wanted, frozenset(name for weight, name in ranges if not weight))


def choose(tags: Iterable[str], accepted: Accepted) -> str | None:
    """Return the tag to show: of the first range that has one the best (RFC 4647 §3.4), else any that is not refused, else any.

    A range has a tag that is the range, or begins with it (RFC 2616 §14.4); else one that is what is left of it when subtags are
    taken from its end.
    """
    offered = {tag.lower(): tag for tag in tags}
    willing = {tag: written for tag, written in offered.items() if not _is_refused(tag, accepted)} or offered
    found = next((tag for wanted in accepted.wanted if (tag := _look_up(wanted, willing, accepted.wanted)) is not None), None)
    return offered[found] if found is not None else next(iter(willing.values()), None)


def _is_refused(tag: str, accepted: Accepted) -> bool:
    """Say whether the most telling range that has *tag* is refused."""
    ranges = [each for each in (*accepted.wanted, *accepted.refused) if each == "*" or f"{tag}-".startswith(f"{each}-")]
    return bool(ranges) and max(ranges, key=lambda each: (each != "*", len(each))) in accepted.refused


def _look_up(wanted: str, offered: Iterable[str], ranges: Collection[str]) -> str | None:
    """Return which tag of *offered* the range *wanted* has; `*` stands for what no other of *ranges* has."""
    if wanted == "*":
        others = [each for each in ranges if each != "*"]
        return next((tag for tag in offered if not any(f"{tag}-".startswith(f"{each}-") for each in others)), None)
    longer = [tag for tag in offered if f"{tag}-".startswith(f"{wanted}-")]
    if longer:
        return wanted if wanted in longer else longer[0]
    left, _, _ = wanted.rpartition("-")
    while left:
        if left in offered:
            return left
        left, _, _ = left.rpartition("-")
    return None


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


def _canonical(accepted: Accepted, definitions: Mapping[str, bytes]) -> _Rewrites:
    """Put *definitions* in, and leave the best *accepted* language of each map."""

    def language(value: msgspec.Raw) -> msgspec.Raw:
        spoken = _MAP.decode(value)
        chosen = choose(spoken, accepted)
        return value if chosen is None else _raw({chosen: spoken[chosen]})

    components = _each(_members({"description": language}))
    lists = dict.fromkeys(("choices", "scale", "source", "target", "steps"), components)
    definition = _members({"name": language, "description": language, **lists})

    def activity(value: msgspec.Raw) -> msgspec.Raw:
        members = _OBJECT.decode(value)
        known = definitions.get(msgspec.json.decode(members["id"], type=str))
        told = members.get("definition") if known is None else msgspec.Raw(known)
        return value if told is None else _raw({**members, "definition": definition(told)})

    return _Rewrites(actor=_copy, verb=_members({"display": language}), activity=activity)


def _copy(value: msgspec.Raw) -> msgspec.Raw:
    return value


_IDS: Final = _Rewrites(actor=_identified, verb=_keep("id"), activity=_keep("id"))


def _object_type(value: msgspec.Raw) -> str:
    found = _OBJECT.decode(value).get("objectType")
    return "Activity" if found is None else msgspec.json.decode(found, type=str)


def _raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


def _quality(parameter: str) -> float | None:
    """Read `q=0.5`, or nothing, which is 1; None for what is no weight."""
    if not parameter.strip():
        return 1.0
    weight = _WEIGHT.fullmatch(parameter.strip())
    return float(weight[1]) if weight else None

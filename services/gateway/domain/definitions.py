"""What statements say of the activities they name, and what of it holds when many say it (1.0.3 Data §2.4.4.1).

A definition consists of *leaves* that are said, and replaced, one by one: a language of a name, a type, an extension. Of several
sayings the one of the statement that was recorded last holds. So the order in which statements are heard does not matter, nor
how often.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from heapq import nsmallest
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from services.gateway.domain.keys import Key, activity_key

MOST_LEAVES: Final = 256
"""Of one activity the newest so many leaves are kept: else a sender of ever new extensions makes a row without end."""
LEAF_BYTES: Final = 65_536
"""Longer leaves describe nothing; they stay in their statements."""
REMEMBERED: Final = 1024
REMEMBERED_BYTES: Final = 4096
"""Most statements repeat a definition: so many, if they are no longer than this, are read once."""

LANGUAGE_MAPS: Final = ("name", "description")
WHOLES: Final = ("type", "moreInfo", "interactionType")
INTERACTION: Final = ("correctResponsesPattern", "choices", "scale", "source", "target", "steps")
EXTENSIONS: Final = "extensions"
PROPERTIES: Final = (*LANGUAGE_MAPS, *WHOLES, *INTERACTION, EXTENSIONS)


class Unreadable(ValueError):
    """The bytes are no statement of the record."""


class Leaf(NamedTuple):
    """A property, and which part of it: the language, the extension's key, the interaction type that it belongs to, or nothing.

    Parts of an interaction belong to its type, so that choices told of a `choice` never come to stand in a `likert`.
    """

    property: str
    part: str = ""


class Said(NamedTuple):
    """A leaf's value in JSON, byte for byte as the statement *seq* says it."""

    seq: int
    value: bytes


Leaves: TypeAlias = Mapping[Leaf, Said]
Saying: TypeAlias = Mapping[Leaf, bytes]


def sayings(body: bytes) -> Mapping[Key, Saying]:
    """Return what the statement *body* says of each activity that it names, be it nothing; of two sayings in it the later holds.

    Equal definitions are as a rule the same object, so that repetitions are quickly told. Raises Unreadable.
    """
    found: dict[Key, Saying] = {}
    try:
        for thing in _activities(_STATEMENT.decode(body)):
            key, saying = activity_key(thing.id), _said(bytes(thing.definition))
            before = found.get(key)
            found[key] = {**before, **saying} if before else saying
    except (msgspec.MsgspecError, RecursionError) as error:
        raise Unreadable(f"not a statement of the record: {error}") from error
    return found


def may_define(body: bytes) -> bool:
    """Say whether the statement *body* may define an activity; no is sure. A key can be spelled with escapes."""
    return b'"definition"' in body or b"\\u" in body


def saying(body: bytes, key: Key) -> Saying:
    """Return what the statement *body* says of the activity *key*: nothing where it cannot be read."""
    try:
        return sayings(body).get(key, _NOTHING)
    except Unreadable:
        return _NOTHING


def said_by(seq: int, saying: Saying) -> Leaves:
    """Return *saying* as what the statement *seq* says."""
    return {leaf: Said(seq, value) for leaf, value in saying.items()}


def merged(*several: Leaves) -> Leaves:
    """Return what holds of *several*: of each leaf what was said last, of all leaves the newest."""
    newest: dict[Leaf, Said] = {}
    for leaves in several:
        for leaf, said in leaves.items():
            if leaf not in newest or newest[leaf].seq <= said.seq:
                newest[leaf] = said
    if len(newest) <= MOST_LEAVES:
        return newest
    return dict(sorted(newest.items(), key=lambda item: (-item[1].seq, item[0]))[:MOST_LEAVES])


def without(leaves: Leaves, seqs: Collection[int]) -> Leaves:
    """Return *leaves* but for those that the statements *seqs* say."""
    return {leaf: said for leaf, said in leaves.items() if said.seq not in seqs}


def pack(leaves: Leaves) -> bytes:
    """Write *leaves* in JSON; equal leaves are equal bytes."""
    rows = [(leaf.property, leaf.part, said.seq, msgspec.Raw(said.value)) for leaf, said in sorted(leaves.items())]
    return msgspec.json.encode(rows)


def unpack(packed: bytes) -> Leaves:
    """Read what `pack` wrote."""
    return {Leaf(name, part): Said(seq, bytes(value)) for name, part, seq, value in _PACKED.decode(packed)}


def definition(leaves: Leaves) -> bytes | None:
    """Return the definition that the *leaves* of an activity make, in JSON, or None where there are none."""
    if not leaves:
        return None
    interaction = leaves.get(Leaf("interactionType"))
    spoken = "" if interaction is None else msgspec.json.decode(interaction.value, type=str)
    members: dict[str, Any] = {}
    for leaf, said in sorted(leaves.items(), key=_in_order):
        if leaf.property in WHOLES or (leaf.property in INTERACTION and leaf.part == spoken):
            members[leaf.property] = msgspec.Raw(said.value)
        elif leaf.property not in INTERACTION:
            members.setdefault(leaf.property, {})[leaf.part] = msgspec.Raw(said.value)
    return msgspec.json.encode(members)


def activities(body: bytes) -> tuple[str, ...]:
    """Return the id of each activity that the statement *body* names, its SubStatement included. Raises Unreadable."""
    try:
        return tuple(dict.fromkeys(thing.id for thing in _activities(_STATEMENT.decode(body))))
    except (msgspec.MsgspecError, RecursionError) as error:
        raise Unreadable(f"not a statement of the record: {error}") from error


class _Thing(msgspec.Struct, rename="camel"):
    """What stands as an object: an activity, or a SubStatement, which has an object of its own; a statement is read as one."""

    object_type: str = "Activity"
    id: str = ""
    definition: msgspec.Raw = msgspec.Raw()
    object: _Thing | None = None
    context: _Context | None = None


class _Related(msgspec.Struct):
    parent: tuple[_Thing, ...] | _Thing = ()
    grouping: tuple[_Thing, ...] | _Thing = ()
    category: tuple[_Thing, ...] | _Thing = ()
    other: tuple[_Thing, ...] | _Thing = ()


class _Context(msgspec.Struct, rename="camel"):
    context_activities: _Related | None = None


class _Definition(msgspec.Struct, rename="camel"):
    name: dict[str, msgspec.Raw] = {}
    description: dict[str, msgspec.Raw] = {}
    extensions: dict[str, msgspec.Raw] = {}
    interaction_type: str = ""


_NOTHING: Final[Saying] = {}
_STATEMENT: Final = msgspec.json.Decoder(_Thing)
_DEFINITION: Final = msgspec.json.Decoder(_Definition)
_MEMBERS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_PACKED: Final = msgspec.json.Decoder(tuple[tuple[str, str, int, msgspec.Raw], ...])


def _activities(statement: _Thing) -> Iterator[_Thing]:
    """Yield each activity that *statement* names, its object last."""
    related = (statement.context or _Context()).context_activities or _Related()
    for standing in (related.other, related.category, related.grouping, related.parent):
        yield from standing if isinstance(standing, tuple) else (standing,)
    target = statement.object
    if target is not None and target.object_type == "Activity":
        yield target
    elif target is not None and target.object_type == "SubStatement":
        yield from _activities(target)


def _said(raw: bytes) -> Saying:
    """Return the leaves of the definition *raw*, of ever so many those that `merged` would keep; nothing where there is none."""
    if not raw:
        return _NOTHING
    return _remembered(raw) if len(raw) <= REMEMBERED_BYTES else dict(nsmallest(MOST_LEAVES, _leaves(raw)))


@lru_cache(maxsize=REMEMBERED)
def _remembered(raw: bytes) -> Saying:
    return dict(_leaves(raw))


def _leaves(raw: bytes) -> Iterator[tuple[Leaf, bytes]]:
    told, members = _DEFINITION.decode(raw), _MEMBERS.decode(raw)
    maps = (("name", told.name), ("description", told.description), (EXTENSIONS, told.extensions))
    found: Iterable[tuple[Leaf, bytes]] = (
        *((Leaf(name, part), bytes(value)) for name, parts in maps for part, value in parts.items()),
        *((Leaf(name), bytes(members[name])) for name in WHOLES if name in members),
        *((Leaf(name, told.interaction_type), bytes(members[name])) for name in INTERACTION if name in members),
    )
    return ((leaf, value) for leaf, value in found if len(value) + len(leaf.part) <= LEAF_BYTES)


def _in_order(item: tuple[Leaf, Said]) -> tuple[int, str]:
    leaf, _ = item
    return PROPERTIES.index(leaf.property), leaf.part

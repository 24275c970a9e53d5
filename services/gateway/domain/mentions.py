"""Say what a statement mentions: the agents, activities, verb and registration that it can be found by."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import IntFlag
from typing import Final, TypeAlias, get_args

from services.gateway.domain.keys import Key, activity_key, agent_key, registration_key, verb_key
from shared.xapi import extract

MOST_REFERRED: Final = 256
"""One statement may mention half a million things, and thirty thousand others in one request refer to it: that has no end."""


class Usage(IntFlag):
    """Where a mention stands; a group's member stands where its group does. Stored as bits: values never change."""

    VERB = 1
    REGISTRATION = 2
    ACTOR = 4
    OBJECT = 8
    AUTHORITY = 16
    INSTRUCTOR = 32
    TEAM = 64
    CONTEXT_AGENT = 128
    CONTEXT_GROUP = 256
    PARENT = 512
    GROUPING = 1024
    CATEGORY = 2048
    OTHER = 4096
    SUB = 8192
    """In the SubStatement."""
    REFERRED = 16384
    """In a statement that this one refers to."""


Mention: TypeAlias = tuple[int, bool]
"""The bits of `Usage`, and whether the mention is direct: only then it matches where related ones were not asked for."""

Mentions: TypeAlias = Mapping[Key, Mention]
"""All that one statement mentions; a plain tuple each, since they are most of what the recorder handles."""


def mentions(statement: extract.AnyStatement) -> Mentions:
    """Return what the valid *statement* mentions."""
    found: dict[Key, Mention] = {verb_key(extract.verb(statement)): _VERB}
    registration = extract.registration(statement)
    if registration is not None:
        found[registration_key(registration)] = _REGISTRATION
    for agent_usage, ifi in extract.agents(statement):
        _add(found, agent_key(ifi), _AGENT[agent_usage])
    for activity_usage, iri in extract.activities(statement):
        _add(found, activity_key(iri), _ACTIVITY[activity_usage])
    return found


def referred(statement: extract.AnyStatement) -> Mentions:
    """Return what a statement mentions by referring to *statement* (1.0.3 Communication §2.1.3, StatementRefs).

    Of more than MOST_REFERRED mentions those that are direct come first, and the rest are left out.
    """
    found: Collection[tuple[Key, Mention]] = mentions(statement).items()
    if len(found) > MOST_REFERRED:
        found = sorted(found, key=_direct_first)[:MOST_REFERRED]
    return {key: (int(Usage.REFERRED), direct) for key, (_, direct) in found}


def _direct_first(mentioned: tuple[Key, Mention]) -> bool:
    _, (_, direct) = mentioned
    return not direct


def _add(found: dict[Key, Mention], key: Key, mention: Mention) -> None:
    known = found.get(key)
    found[key] = mention if known is None else (known[0] | mention[0], known[1] or mention[1])


_VERB: Final = (int(Usage.VERB), True)
_REGISTRATION: Final = (int(Usage.REGISTRATION), True)


def _bits(usage: str) -> int:
    """Return the bits of a usage of `shared.xapi.extract`."""
    name = usage.removeprefix("sub_").removesuffix("_member").upper()
    return int(Usage[name]) | (int(Usage.SUB) if usage.startswith("sub_") else 0)


_AGENT: Final = {usage: (_bits(usage), usage in extract.AGENT_FILTER) for usage in get_args(extract.AgentUsage)}
_ACTIVITY: Final = {usage: (_bits(usage), usage == "object") for usage in get_args(extract.ActivityUsage)}

"""What a statement calls an agent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from shared.xapi import ifi
from shared.xapi.guard import Limits, parse
from shared.xapi.model import Ifi

_LIMITS: Final = Limits()


def names(body: bytes, agent: Ifi) -> Iterator[str]:
    """Yield each name by which the statement *body*, valid JSON of the record, calls *agent*, in whatever place."""
    yield from _names(parse(body, _LIMITS), agent)


def _names(value: Any, agent: Ifi) -> Iterator[str]:
    """Yield the names of *agent* in *value*, which is a statement, a part of one, or a list of such."""
    if isinstance(value, list):
        for element in value:
            yield from _names(element, agent)
    elif isinstance(value, Mapping):
        name = value.get("name")
        if isinstance(name, str) and name and ifi.canonical(value) == agent:
            yield name
        for property_ in _WITHIN & value.keys():
            yield from _names(value[property_], agent)


_WITHIN: Final = frozenset(
    (
        "actor",
        "object",
        "authority",
        "member",
        "context",
        "instructor",
        "team",
        "contextAgents",
        "agent",
        "contextGroups",
        "group",
    )
)
"""Where agents stand: never within extensions, where anything may look like one."""

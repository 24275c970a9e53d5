"""What the resources Activities and Agents answer (1.0.3 Communication §2.4, §2.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from services.gateway.domain.parameters import BadParameter, read_activity, read_actor, read_once
from shared.xapi.model import JSON, Iri

_IDENTIFIERS: Final = ("mbox", "mbox_sha1sum", "openid", "account")


def read_asked_activity(parameters: Sequence[tuple[str, str]]) -> Iri:
    """Read the *parameters* of GET activities. Raises BadParameter."""
    return read_activity(_only(parameters, "activityId"), "activityId")


def read_asked_agent(parameters: Sequence[tuple[str, str]]) -> Mapping[str, JSON]:
    """Read the *parameters* of GET agents: one Agent, no Group. Raises BadParameter."""
    agent = read_actor(_only(parameters, "agent"))
    if agent.get("objectType") == "Group":
        raise BadParameter("agent", "group", "A Group is no Agent; ask for its members")
    return agent


def activity(iri: Iri, definition: bytes | None) -> bytes:
    """Write the activity *iri* in full; without *definition*, of which nobody said anything, it is the bare object."""
    told = {} if definition is None else {"definition": msgspec.Raw(definition)}
    return msgspec.json.encode({"objectType": "Activity", "id": iri, **told})


def person(agent: Mapping[str, JSON], known: Sequence[str]) -> bytes:
    """Write the Person that *agent* is a persona of, with the name that it brings and the names that are *known*."""
    names = list(dict.fromkeys((*known, *((agent["name"],) if "name" in agent else ()))))
    told: dict[str, Any] = {"name": names} if names else {}
    identifiers = {property_: [agent[property_]] for property_ in _IDENTIFIERS if property_ in agent}
    return msgspec.json.encode({"objectType": "Person", **told, **identifiers})


def _only(parameters: Sequence[tuple[str, str]], name: str) -> str:
    given = read_once(parameters, frozenset({name}))
    if name not in given:
        raise BadParameter(name, "missing-parameter", "The parameter is required here")
    return given[name]

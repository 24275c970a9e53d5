"""Read from a valid statement what is stored in columns beside it."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

from shared.xapi import ifi
from shared.xapi.bounded import bounded
from shared.xapi.model import JSON, RELATIONS, VOIDED, Ifi, Iri, Registration, StatementId
from shared.xapi.timestamps import instant

AnyStatement: TypeAlias = Mapping[str, Any]
"""A valid statement or SubStatement."""

AgentUsage: TypeAlias = Literal[
    "actor",
    "actor_member",
    "object",
    "object_member",
    "authority",
    "authority_member",
    "instructor",
    "instructor_member",
    "team",
    "team_member",
    "context_agent",
    "context_group",
    "context_group_member",
    "sub_actor",
    "sub_actor_member",
    "sub_object",
    "sub_object_member",
    "sub_instructor",
    "sub_instructor_member",
    "sub_team",
    "sub_team_member",
    "sub_context_agent",
    "sub_context_group",
    "sub_context_group_member",
]
"""Where in a statement an agent or group stands; members have usages of their own, since xAPI's agent filter matches some."""

AGENT_FILTER: Final[frozenset[AgentUsage]] = frozenset(("actor", "actor_member", "object", "object_member"))
"""The usages that the query parameter agent matches; with related_agents it matches all (1.0.3 Communication §2.1.3)."""

ActivityUsage: TypeAlias = Literal[
    "object",
    "parent",
    "grouping",
    "category",
    "other",
    "sub_object",
    "sub_parent",
    "sub_grouping",
    "sub_category",
    "sub_other",
]
"""Where an activity stands; the query parameter activity matches object, and with related_activities all."""

ReferenceUsage: TypeAlias = Literal["object", "context", "sub_object", "sub_context"]
"""Where a reference to another statement stands; filters match through a reference only where it is the object."""


def agents(statement: AnyStatement) -> tuple[tuple[AgentUsage, Ifi], ...]:
    """Return every identified agent and group with its usage, each pair once, in the order of the usages."""
    return _once(_agents(statement))


def activities(statement: AnyStatement) -> tuple[tuple[ActivityUsage, Iri], ...]:
    """Return every activity with its usage, each pair once: object, parent, grouping, category, other."""
    return _once(_activities(statement))


def references(statement: AnyStatement) -> tuple[tuple[ReferenceUsage, StatementId], ...]:
    """Return every reference to another statement with its usage, each pair once."""
    return _once(_references(statement))


def timestamp(statement: AnyStatement) -> datetime:
    """Return when it happened, aware and in UTC. Raises KeyError before a door has set it."""
    return instant(statement["timestamp"])


def stored(statement: AnyStatement) -> datetime:
    """Return when it was recorded, aware and in UTC. Raises KeyError before the recorder has set it."""
    return instant(statement["stored"])


def statement_id(statement: AnyStatement) -> StatementId | None:
    """Return the statement's id in lower case, if it has one."""
    return StatementId(statement["id"].lower()) if "id" in statement else None


def verb(statement: AnyStatement) -> Iri:
    """Return the verb's IRI."""
    return Iri(bounded(statement["verb"]["id"]))


def registration(statement: AnyStatement) -> Registration | None:
    """Return the registration in lower case, if there is one."""
    context = statement.get("context", {})
    return Registration(context["registration"].lower()) if "registration" in context else None


def voided(statement: AnyStatement) -> StatementId | None:
    """Return the id of the statement that this one voids, if it voids one."""
    return StatementId(statement["object"]["id"].lower()) if statement["verb"]["id"] == VOIDED else None


def _once(pairs: Iterator[Any]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(pairs))


def _sub(statement: AnyStatement) -> AnyStatement | None:
    """Return the SubStatement, if there is one."""
    target = statement["object"]
    return target if target.get("objectType") == "SubStatement" else None


def _agents(statement: AnyStatement, prefix: str = "") -> Iterator[tuple[str, Ifi]]:
    yield from _actor(f"{prefix}actor", statement["actor"])
    if statement["object"].get("objectType") in {"Agent", "Group"}:
        yield from _actor(f"{prefix}object", statement["object"])
    if "authority" in statement:
        yield from _actor(f"{prefix}authority", statement["authority"])
    context = statement.get("context", {})
    for name in ("instructor", "team"):
        if name in context:
            yield from _actor(f"{prefix}{name}", context[name])
    for relevant in context.get("contextAgents", ()):
        yield from _actor(f"{prefix}context_agent", relevant["agent"])
    for relevant in context.get("contextGroups", ()):
        yield from _actor(f"{prefix}context_group", relevant["group"])
    if sub := _sub(statement):
        yield from _agents(sub, "sub_")


def _actor(usage: str, actor: Mapping[str, JSON]) -> Iterator[tuple[str, Ifi]]:
    """Yield an actor and its members, those of them that have an identifier."""
    identifier = ifi.canonical(actor)
    if identifier:
        yield usage, identifier
    for member in actor.get("member", ()):
        identifier = ifi.canonical(member)
        if identifier:
            yield f"{usage}_member", identifier


def _activities(statement: AnyStatement, prefix: str = "") -> Iterator[tuple[str, Iri]]:
    target = statement["object"]
    if target.get("objectType", "Activity") == "Activity":
        yield f"{prefix}object", Iri(bounded(target["id"]))
    related = statement.get("context", {}).get("contextActivities", {})
    for relation in RELATIONS:
        found = related.get(relation, ())
        for activity in [found] if isinstance(found, dict) else found:
            yield f"{prefix}{relation}", Iri(bounded(activity["id"]))
    if sub := _sub(statement):
        yield from _activities(sub, "sub_")


def _references(statement: AnyStatement, prefix: str = "") -> Iterator[tuple[str, StatementId]]:
    target = statement["object"]
    if target.get("objectType") == "StatementRef":
        yield f"{prefix}object", StatementId(target["id"].lower())
    context = statement.get("context", {})
    if "statement" in context:
        yield f"{prefix}context", StatementId(context["statement"]["id"].lower())
    if sub := _sub(statement):
        yield from _references(sub, "sub_")

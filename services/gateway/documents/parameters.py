"""Read which document, or which documents, a request means (1.0.3 Communication §2.3, §2.6, §2.7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Final
from uuid import UUID

import msgspec

from services.gateway.domain.forms import BadForm, read_form
from services.gateway.domain.parameters import (
    BadParameter,
    read_activity,
    read_actor,
    read_agent,
    read_once,
    read_registration,
    read_since,
)
from shared.xapi.model import Ifi, Iri, Registration


class Resource(StrEnum):
    """The document resources, by the names under which their documents are stored."""

    STATE = "state"
    AGENT_PROFILE = "agent-profile"
    ACTIVITY_PROFILE = "activity-profile"


_REQUIRED: Final[Mapping[Resource, frozenset[str]]] = {
    Resource.STATE: frozenset({"activityId", "agent"}),
    Resource.AGENT_PROFILE: frozenset({"agent"}),
    Resource.ACTIVITY_PROFILE: frozenset({"activityId"}),
}
_OPTIONAL: Final[Mapping[Resource, frozenset[str]]] = {
    Resource.STATE: frozenset({"registration"}),
    Resource.AGENT_PROFILE: frozenset(),
    Resource.ACTIVITY_PROFILE: frozenset(),
}
_NAMED: Final[Mapping[Resource, str]] = {
    Resource.STATE: "stateId",
    Resource.AGENT_PROFILE: "profileId",
    Resource.ACTIVITY_PROFILE: "profileId",
}


@dataclass(frozen=True, slots=True)
class Context:
    """What documents belong to: an activity, an agent (its canonical IFI), and for state a registration.

    States without a registration have a context of their own, beside those of the registrations.
    """

    resource: Resource
    activity: Iri | None = None
    agent: Ifi | None = None
    registration: Registration | None = None

    @property
    def key(self) -> UUID:
        """Return 16 bytes that stand for the context, however long its identifiers are."""
        return _key(self.resource, self.activity, self.agent, self.registration)


@dataclass(frozen=True, slots=True)
class Single:
    """The document called *name* in its context."""

    context: Context
    name: str

    @property
    def key(self) -> UUID:
        """Return 16 bytes that stand for the document."""
        context = self.context
        return _key(context.resource, context.activity, context.agent, context.registration, self.name)


@dataclass(frozen=True, slots=True)
class Several:
    """The documents of a context, or, with *since*, those of them that were changed after it."""

    context: Context
    since: datetime | None = None


def read_single(resource: Resource, query: bytes) -> Single:
    """Read which document PUT and POST mean. Raises BadParameter."""
    given = _read(resource, query, frozenset({_NAMED[resource]}))
    return Single(_context(resource, given), _required(given, _NAMED[resource]))


def read_for_get(resource: Resource, query: bytes) -> Single | Several:
    """Read which documents GET means: one, or the names of several. Raises BadParameter."""
    named = _NAMED[resource]
    given = _read(resource, query, frozenset({named, "since"}))
    context = _context(resource, given)
    if named not in given:
        return Several(context, read_since(given["since"]) if "since" in given else None)
    if "since" in given:
        raise BadParameter("since", "beside-id", f"{named} asks for one document, since for several")
    return Single(context, given[named])


def read_for_delete(resource: Resource, query: bytes) -> Single | Several:
    """Read which documents DELETE means; only states are deleted several at a time. Raises BadParameter."""
    given = _read(resource, query, frozenset({_NAMED[resource]}))
    context = _context(resource, given)
    if resource is Resource.STATE and _NAMED[resource] not in given:
        return Several(context)
    return Single(context, _required(given, _NAMED[resource]))


def _read(resource: Resource, query: bytes, more: frozenset[str]) -> dict[str, str]:
    try:
        fields = read_form(query)
    except BadForm as error:
        raise BadParameter("", "query-string", str(error)) from error
    return read_once(fields, _REQUIRED[resource] | _OPTIONAL[resource] | more)


def _context(resource: Resource, given: Mapping[str, str]) -> Context:
    for name in sorted(_REQUIRED[resource]):
        _required(given, name)
    return Context(
        resource=resource,
        activity=read_activity(given["activityId"], "activityId") if "activityId" in given else None,
        agent=_read_agent(resource, given["agent"]) if "agent" in given else None,
        registration=read_registration(given["registration"]) if "registration" in given else None,
    )


def _read_agent(resource: Resource, text: str) -> Ifi:
    """Read whose documents are meant; profiles belong to Agents, never to Groups (1.0.3 Communication §2.6)."""
    if resource is Resource.AGENT_PROFILE and read_actor(text).get("objectType") == "Group":
        raise BadParameter(
            "agent", "group", "Profiles belong to Agents; for an identified Group, put its identifier into an Agent"
        )
    return read_agent(text)


def _required(given: Mapping[str, str], name: str) -> str:
    if name not in given:
        raise BadParameter(name, "missing-parameter", "The parameter is required here")
    return given[name]


def _key(*parts: str | None) -> UUID:
    written = msgspec.json.encode(parts)
    return UUID(bytes=blake2b(written, digest_size=16, person=b"document").digest())

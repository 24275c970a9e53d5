"""Serve the resources Activities and Agents (1.0.3 Communication §2.4, §2.5), and definitions for the format canonical."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Final, TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.gateway.credentials.door import Door
from services.gateway.definitions.store import DefinitionStore
from services.gateway.domain.credential import Scope
from services.gateway.domain.definitions import activities, definition, merged, said_by, saying
from services.gateway.domain.keys import activity_key, agent_key
from services.gateway.domain.names import names
from services.gateway.domain.parameters import BadParameter
from services.gateway.domain.things import activity, person, read_asked_activity, read_asked_agent
from services.gateway.statements import refusals
from services.gateway.statements.formatting import DefinitionsOf
from shared.media_types import JSON_TYPE
from shared.xapi import ifi

ACTIVITIES_PATH: Final = "/xapi/activities"
AGENTS_PATH: Final = "/xapi/agents"

Parameters: TypeAlias = Sequence[tuple[str, str]]


class Things:
    """The routes that answer with what is known of an activity or an agent."""

    def __init__(self, *, door: Door, store: DefinitionStore) -> None:
        self._door = door
        self._store = store

    def routes(self) -> list[Route]:
        """Return both resources' routes."""
        return [
            Route(ACTIVITIES_PATH, self.activities, methods=["GET"]),
            Route(AGENTS_PATH, self.agents, methods=["GET"]),
        ]

    async def activities(self, request: Request) -> Response:
        """Answer with the activity in full. Whoever may read any statements may read definitions."""
        return await self._serve(request, Scope.STATEMENTS_READ_MINE, self._activity)

    async def agents(self, request: Request) -> Response:
        """Answer with the agent's Person object. Names are shown only to those who may read what others said of that agent."""
        return await self._serve(request, Scope.STATEMENTS_READ, self._person)

    async def _serve(self, request: Request, scope: Scope, describe: Callable[[Parameters], Awaitable[bytes]]) -> Response:
        credential = await self._door.authorise(request, scope)
        with refusals.noted(self._door, request, credential):
            self._door.versions.spoken(request, credential)
            try:
                return _answer(await describe(request.query_params.multi_items()))
            except BadParameter as error:
                raise refusals.bad_parameter(error) from error

    async def _activity(self, parameters: Parameters) -> bytes:
        """Describe an activity, with what the newest statements say of it, which the consumer may not have merged yet."""
        iri = read_asked_activity(parameters)
        key = activity_key(iri)
        known = (await self._store.several([key])).get(key, {})
        newest = (said_by(seq, saying(body, key)) for seq, body in await self._store.newest(key))
        return activity(iri, definition(merged(known, *newest)))

    async def _person(self, parameters: Parameters) -> bytes:
        """Describe an agent's Person by the names in the newest statements; names are stored in statements alone."""
        agent = read_asked_agent(parameters)
        identifier = ifi.canonical(agent)
        if identifier is None:
            raise AssertionError("an Agent has an identifier")
        newest = await self._store.newest(agent_key(identifier))
        return person(agent, list(dict.fromkeys(name for _, body in newest for name in names(body, identifier))))


def known_definitions(store: DefinitionStore) -> DefinitionsOf:
    """Return a function that finds the definitions of all activities that statements name, in one query.

    Activities that nobody defined are left out. The function raises Unavailable.
    """

    async def find(bodies: Iterable[bytes]) -> Mapping[str, bytes]:
        keys = {iri: activity_key(iri) for body in bodies for iri in activities(body)}
        known = await store.several(keys.values()) if keys else {}
        found = {iri: definition(known[key]) for iri, key in keys.items() if key in known}
        return {iri: each for iri, each in found.items() if each is not None}

    return find


def _answer(content: bytes) -> Response:
    etag = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    return Response(content, headers={"ETag": f'"{etag}"'}, media_type=JSON_TYPE)

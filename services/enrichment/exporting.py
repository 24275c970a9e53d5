"""Export what is known of a person: who they are, and what was emitted about their statements."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final
from uuid import UUID

import orjson

from shared.portions import portions
from shared.postgres import Database, load_queries
from shared.xapi.model import Ifi

_QUERIES: Final = load_queries(__package__)
PAGE: Final = 1000


async def profiles(database: Database, learners: Sequence[UUID]) -> list[Any]:
    """Return a JSON object for each of *learners*, with their identities and enrolments. Raises Unavailable."""
    return [orjson.loads(row["profile"]) for row in await database.fetch(_QUERIES["profile"], list(learners))]


async def links(database: Database, identities: Sequence[Ifi]) -> AsyncIterator[bytes]:
    """Yield the last message, as JSON, about each statement in which *identities* act or are named. Raises Unavailable."""
    statements = [row["statement_id"] for row in await database.fetch(_QUERIES["named_in"], list(identities))]
    for some in portions(statements, PAGE):
        for row in await database.fetch(_QUERIES["said_of"], some):
            yield row["emitted"]

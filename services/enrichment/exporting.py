"""Hand over what is known of a person: who they are, and what was made of their statements."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final
from uuid import UUID

import orjson

from shared.postgres import Database, load_queries
from shared.xapi.model import Ifi

_SQL: Final = load_queries("services.enrichment")


async def profiles(database: Database, learners: Sequence[UUID]) -> list[Any]:
    """Return *learners* with their identities and enrolments. Raises Unavailable."""
    return [orjson.loads(row["profile"]) for row in await database.fetch(_SQL["profile"], list(learners))]


async def links(database: Database, identities: Sequence[Ifi]) -> AsyncIterator[bytes]:
    """Yield what was said last of each statement in which *identities* act or are named, as JSON. Raises Unavailable."""
    behind = UUID(int=0)
    while page := await database.fetch(_SQL["links"], list(identities), behind):
        behind = page[-1]["statement_id"]
        for row in page:
            if row["emitted"]:
                yield row["emitted"]

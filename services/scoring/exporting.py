"""Hand over what somebody's learning was worth to others, and why."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from services.scoring.store import QUERIES
from shared.postgres import Database


async def impact(database: Database, learners: Iterable[UUID], as_of: datetime) -> list[dict[str, Any]]:
    """Return the impact of each of *learners* at *as_of*, with every fact and the credit that it has. Raises Unavailable."""
    found: list[dict[str, Any]] = []
    for learner in learners:
        row = await database.fetchrow(QUERIES["impact_of"], learner, as_of)
        facts = await database.fetch(QUERIES["explanation_of"], learner, as_of)
        if row is not None and facts:
            found.append({**dict(row), "explanation": [dict(fact) for fact in facts]})
    return found

"""Export a person's impact, with its explanation."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from services.scoring.store import QUERIES
from shared.postgres import Database


async def impact(database: Database, learners: Iterable[UUID], as_of: datetime) -> list[dict[str, Any]]:
    """Return, for each of *learners* with facts, their impact at *as_of* and its `explanation`: the facts with their credit.

    Raises Unavailable.
    """
    found: list[dict[str, Any]] = []
    for learner in learners:
        row = await database.fetchrow(QUERIES["impact_of"], learner, as_of)
        facts = await database.fetch(QUERIES["explanation_of"], learner, as_of)
        if row is not None and facts:
            found.append({**dict(row), "explanation": [dict(fact) for fact in facts]})
    return found

"""Forget a person: what is scored goes when enrichment says that nobody acted; what could not be read is emptied here."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from shared.postgres import Database
from shared.stream.dead_letters import DeadLetters


async def erase(database: Database, learners: list[UUID], holds: Callable[[bytes], bool]) -> int:
    """Empty the dead letters that name one of *learners*, or of which *holds* is true; return how many. Raises Unavailable."""
    named = [str(learner).encode() for learner in learners]
    return await DeadLetters(database).empty(lambda value: holds(value) or any(learner in value for learner in named))

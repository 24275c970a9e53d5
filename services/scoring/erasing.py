"""Empty a person's dead letters. Their facts are taken back by the messages that enrichment emits when it erases them."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from shared.postgres import Database
from shared.stream.dead_letters import DeadLetters


async def erase(database: Database, learners: list[UUID], holds: Callable[[bytes], bool]) -> int:
    """Empty the dead letters that name one of *learners* or that *holds* accepts; return how many. Raises Unavailable."""
    named = [str(learner).encode() for learner in learners]
    return await DeadLetters(database).empty(lambda value: holds(value) or any(learner in value for learner in named))

"""What a community says in a course: questions, and likes of questions that were asked."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from typing import Any, Final

from shared.xapi.vocabulary import ActivityType, Verb

HOME: Final = "https://lms.example"
COURSE: Final = f"{HOME}/course/1"
LEARNERS: Final = 1000
EACH: Final = 5
"""Every fifth statement asks a question; the others like one that was asked."""


def statement(actor: str, verb: Verb, number: int) -> dict[str, Any]:
    """Say that *actor* did *verb* to question *number*, which stands in a course."""
    return {
        "id": str(uuid.uuid4()),
        "actor": {"account": {"homePage": HOME, "name": actor}},
        "verb": {"id": verb},
        "object": {"id": f"{HOME}/question/{number}", "definition": {"type": ActivityType.QUESTION}},
        "context": {"contextActivities": {"grouping": [{"id": COURSE, "definition": {"type": ActivityType.COURSE}}]}},
    }


def said(numbers: Iterator[int], rng: random.Random) -> Iterator[dict[str, Any]]:
    """Yield what one of LEARNERS says, for each of the *numbers*."""
    for number in numbers:
        asked, person = number // EACH, f"p{rng.randrange(LEARNERS)}"
        yield statement(person, Verb.ASKED, asked) if number % EACH == 0 else statement(person, Verb.LIKED, rng.randint(0, asked))

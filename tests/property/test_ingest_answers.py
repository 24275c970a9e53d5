"""Garbled answers of platforms: a page is read or it is incomplete, and every statement that comes of it is valid."""

from __future__ import annotations

import json
import random

import pytest

from services.ingest.connectors.fields import Incomplete
from services.ingest.domain.mapping import statement_of
from services.ingest.domain.reading import Reading
from shared.xapi.model import Version
from shared.xapi.validation import validate
from tests.support.answers import ANSWERS, Answered
from tests.support.mutants import garbled, mutated

MUTANTS = 400


def mutant(answered: Answered, chance: random.Random) -> bytes:
    """Change an answer in its values where it is JSON, else, and now and then, in its bytes."""
    body = answered.body
    if body[:1] in (b"{", b"["):
        document = {"": json.loads(body)}
        body = json.dumps(mutated(document, chance).get("")).encode()
        return garbled(body, chance) if chance.random() < 0.1 else body
    return garbled(body, chance) if chance.random() < 0.5 else _swapped(body, chance)


def _swapped(body: bytes, chance: random.Random) -> bytes:
    """Put a piece of a text where another was."""
    pieces = body.split(b">")
    one, other = chance.randrange(len(pieces)), chance.randrange(len(pieces))
    pieces[one] = chance.choice((pieces[other], b"", b"\x00", b"x" * 2000, "é\U0001f44d".encode()))
    return b">".join(pieces)


def told(reading: Reading, answered: Answered) -> int:
    """Return how many statements come of *reading*; all of them are valid."""
    said = [*reading.decided, *(each.interaction for each in reading.undecided)]
    for each in said:
        validate(statement_of(each, answered.source), Version.V1_0_3)
    return len(said)


@pytest.mark.parametrize("answers", ANSWERS.values(), ids=ANSWERS)
def test_no_garbled_answer_is_ever_more_than_incomplete(answers: list[Answered]) -> None:
    chance, statements = random.Random(20260302), 0  # noqa: S311  seeded, keeps no secret

    for _ in range(MUTANTS):
        answered = chance.choice(answers)
        try:
            reading = answered.read(mutant(answered, chance))
        except Incomplete:
            continue
        statements += told(reading, answered)

    assert statements > MUTANTS * 0.3

"""Signed mutants of real shapes: never a 500, and every statement that comes of them is valid."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest

from services.ingest.connectors.fields import Incomplete
from services.ingest.connectors.registry import HOOKS
from services.ingest.domain.reading import Delivery
from shared.contracts import HEARD, NOTICED, RECEIVED
from tests.support.ingest import Ear, Sent, answered
from tests.support.mutants import SCRIPTS, mutated, play
from tests.support.platforms import CONVERSATIONS

MUTANTS = 1500
"""Of each platform; `python -m benchmarks.fuzz_ingest` plays 20,000."""
ANSWERS = 3000
MUTATED = 0.8
"""How many answers of a chain are mutants."""


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
async def test_no_signed_mutant_is_ever_a_500(script: list[Sent]) -> None:
    played = await play(script, MUTANTS, seed=20260302)

    assert played.wrong is None
    assert set(played.statuses) > {200}
    assert played.taken > MUTANTS * 0.3


ASKED = {name: [each for each in script if each.answer is not None] for name, script in CONVERSATIONS.items()}


@pytest.mark.parametrize("script", [each for each in ASKED.values() if each], ids=[name for name, each in ASKED.items() if each])
async def test_no_mutant_of_an_answer_is_more_than_incomplete(script: list[Sent]) -> None:
    chance, ear = random.Random(20260303), Ear()  # noqa: S311  seeded, keeps no secret
    await ear.log.ensure((HEARD, NOTICED, RECEIVED))
    named = [(sent, HOOKS[sent.source.platform].read(sent.source, Delivery(sent.headers, sent.document))) for sent in script]
    taken = 0

    for _ in range(ANSWERS):
        sent, reading = chance.choice(named)
        waiting = list(reading.lookups)
        while waiting:
            lookup = waiting.pop()
            answer = sent.answer_to(lookup)
            with suppress(Incomplete):
                read = answered(sent.source, lookup, mutated(answer, chance) if chance.random() < MUTATED else answer)
                came = await ear.take(sent.source, read)
                taken += bool(came.heard)
                waiting += [each for each in read.lookups if each.key != lookup.key]

    assert ear.rejected == []
    assert taken > ANSWERS * 0.3

"""Whatever order messages come in, how often, and in which batches: the same tables, bit for bit, and the oracle's numbers."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

import pytest

from shared.settings import PostgresSettings
from tests.support.community import BEGIN, batch, community, learner, objection
from tests.support.scoring import ScoringBench

AS_OF = BEGIN + timedelta(weeks=20)
SEEDS = range(25)


async def test_any_order_and_repetition_ends_in_the_same_tables(postgres_settings: PostgresSettings) -> None:
    async with ScoringBench.open(postgres_settings) as bench:
        for seed in SEEDS:
            chance = random.Random(seed)  # noqa: S311  seeded, no secret
            messages = community(seed, size=60)
            straight = await bench.hear(messages)
            await bench.check(messages, AS_OF)
            await bench.clear()

            shuffled = [*messages, *chance.choices(messages, k=30)]
            chance.shuffle(shuffled)
            again = await bench.hear(shuffled, size=chance.choice((1, 7, 40)))
            await bench.clear()

            assert straight.facts
            assert again == straight, f"seed {seed}"


async def test_an_objection_in_any_place_leaves_the_same_tables(postgres_settings: PostgresSettings) -> None:
    async with ScoringBench.open(postgres_settings) as bench:
        for seed in SEEDS:
            chance = random.Random(seed)  # noqa: S311  seeded, no secret
            messages = community(seed, size=40)
            await bench.apply(objection(0))
            before = await bench.hear(messages)
            await bench.check(messages, AS_OF, frozenset({learner(0)}))
            await bench.clear()

            place = chance.randrange(len(messages))
            chance.shuffle(messages)
            await bench.hear(messages[:place], size=9)
            await bench.apply(objection(0))
            between = await bench.hear(messages[place:], size=9)
            await bench.clear()

            assert between == before, f"seed {seed}"


async def test_what_is_voided_or_redacted_is_as_if_never_sent(postgres_settings: PostgresSettings) -> None:
    async with ScoringBench.open(postgres_settings) as bench:
        for seed in SEEDS:
            messages = community(seed, size=60)
            last = {message.id: message for message in messages}
            gone = {id_ for id_, message in last.items() if message.status != "live"}
            taken_back = await bench.hear(messages, size=13)
            await bench.clear()

            never_sent = await bench.hear([message for message in messages if message.id not in gone])
            await bench.clear()

            assert gone
            assert taken_back == never_sent, f"seed {seed}"


@pytest.mark.parametrize("seed", range(6))
async def test_consumers_at_once_end_in_the_same_tables(postgres_settings: PostgresSettings, seed: int) -> None:
    messages = community(seed, size=240)
    async with ScoringBench.open(postgres_settings) as bench:
        straight = await bench.hear(messages)
        await bench.clear()

        async def consume(partition: int) -> None:
            mine = [message for message in messages if message.seq % 4 == partition]
            random.Random(seed).shuffle(mine)  # noqa: S311  seeded, no secret
            for begin in range(0, len(mine), 5):
                await bench.apply(batch(mine[begin : begin + 5]))

        async with asyncio.TaskGroup() as group:
            for partition in range(4):
                group.create_task(consume(partition))

        assert await bench.digest() == straight

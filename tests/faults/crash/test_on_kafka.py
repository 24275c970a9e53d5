"""The same on Apache Kafka, a sample: one house is killed again and again while the play arrives, and comes up each time."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import pytest

from services.gateway.recorder import RecorderStep
from services.targets import TARGETS
from shared.contracts import TOPICS
from shared.postgres import migrate
from shared.stream.steps import Step
from tests.faults.crash.checker import check
from tests.faults.crash.conftest import Show
from tests.faults.crash.member import stream_settings
from tests.faults.crash.theatre import HOUSE, PATIENCE, Outcome, Theatre, append, later, people, table, take
from tests.support.crash import open_books, settled
from tests.support.kafka import StartCluster
from tests.support.postgres import settings_for

SAMPLE: Final[tuple[tuple[str, StrEnum], ...]] = (
    ("gateway", RecorderStep.COPIED),
    ("enrichment", Step.ADVANCED),
    ("scoring", Step.DECIDED),
    ("gateway", Step.COMMITTED),
    ("enrichment", Step.PUBLISHING),
    ("scoring", Step.COMMITTED),
    ("gateway", Step.PUBLISHED),
    ("enrichment", Step.OUTBOX_DELETED),
    ("gateway", Step.OFFSET_COMMITTED),
)
"""Who is killed where, one after the other, each time with new records to take."""


@pytest.mark.timeout(300)
async def test_a_house_on_kafka_killed_again_and_again_ends_as_one_that_never_was(
    theatre: Theatre, start_kafka: StartCluster, show: Show
) -> None:
    kafka, play = start_kafka(1).bootstrap, theatre.play
    records = [*play.before, *play.later]
    share = len(records) // len(SAMPLE)
    async with (
        theatre.database("template1") as url,
        open_books(settings_for(url), stream_settings(kafka, instance="")) as books,
    ):
        await migrate(url, TARGETS)
        await take(books, people())
        await books.log.ensure(TOPICS)
        for turn, (victim, step) in enumerate(SAMPLE):
            await append(books, records[turn * share : (turn + 1) * share])
            services = (victim, *(name for name in HOUSE if name != victim))
            async with theatre.start(url, services, f"{step}:1", kafka=kafka) as house:
                assert await house.killed(PATIENCE), f"{victim} never came to {step}"
        async with theatre.start(url, HOUSE, kafka=kafka) as house:
            await append(books, records[len(SAMPLE) * share :])
            await take(books, later())
            await house.while_alive(settled(books), PATIENCE)
            verdict = await check(books, play, theatre.undisturbed)

    show(table([Outcome("on Kafka", f"{victim}: {step}", 1, 1, verdict) for victim, step in SAMPLE]))
    assert verdict.clean, verdict

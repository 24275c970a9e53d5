"""The log and its consumers: topics, lag, outboxes, dead letters."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from services.counting import counted
from services.doctor.database import QUERIES
from services.doctor.finding import Finding, Findings, well, worrying, wrong
from services.enrichment.app import SCHEMA as RECORDS
from services.installation import Installation
from services.pipeline import ASKING, STAGES, Pipeline, StageStanding, open_pipeline
from shared.contracts import TOPICS
from shared.postgres import Database
from shared.stream.dead_letters import DeadLetters

CONSUMERS: Final = (*STAGES, ASKING)
WATCHED: Final = 2.0
"""Seconds after which a consumer with work to do should have done some of it."""
MUCH: Final = 10_000


async def look_at_stream(installation: Installation) -> Findings:
    """Look at the log, at each stage, and at what was refused."""
    async with open_pipeline(installation, "doctor") as pipeline:
        yield await _topics(pipeline, installation.client.stream.kind)
        before = await pipeline.standings(CONSUMERS)
        if any(standing.left for standing in before):
            await asyncio.sleep(WATCHED)  # to see whether they move
        for earlier, later in zip(before, await pipeline.standings(CONSUMERS), strict=True):
            yield _stage(earlier, later)
        yield await _relinking(pipeline.databases[RECORDS])
        for schema, database in pipeline.databases.items():
            yield _letters(schema, await DeadLetters(database).counts())


async def _topics(pipeline: Pipeline, kind: str) -> Finding:
    """Look whether the topics are there, then whether their limits agree with ours."""
    found = {topic: len(await pipeline.log.ends(topic)) for topic in TOPICS}
    missing = [topic.name for topic, partitions in found.items() if partitions < topic.partitions]
    if missing:
        return wrong(
            "Log",
            f"topics are missing or have too few partitions: {', '.join(missing)}",
            "Restart the services: they create them.",
        )
    if unseen := await pipeline.log.ensure(TOPICS):
        words = f"{kind} answers; {len(TOPICS)} topics, and this user may not see the limits of {len(unseen)}"
        return worrying("Log", words, "Grant it DESCRIBE_CONFIGS, or compare them with docs/operations.md.")
    return well("Log", f"{kind} answers; {len(TOPICS)} topics, their limits agree with ours")


def _stage(earlier: StageStanding, later: StageStanding) -> Finding:
    about = f"Consumer {later.stage.group} of {later.stage.topic.name}"
    if earlier.read > later.end:
        words = f"it has read up to {earlier.read}, but the log ends at {later.end}: the topic was created anew, or lost its end"
        return wrong(about, words, "docs/runbooks/OffsetGap.md says how to go on.")
    if not later.left:
        return well(about, "nothing waits")
    said = ", ".join(_what_waits(later))
    if earlier.left and not later.moved_since(earlier):
        return wrong(
            about, f"{said}, and it makes no progress", f"Look into the log of {later.stage.group}'s service: is it running?"
        )
    return (
        worrying(about, said, "It is making progress; look again later.")
        if later.left > MUCH
        else well(about, f"{said}, and it moves")
    )


def _what_waits(standing: StageStanding) -> Sequence[str]:
    waiting = (
        (standing.behind, "record unread", "records unread"),
        (standing.outbox, "outbox row unpublished", "outbox rows unpublished"),
        (standing.jobs, "import not linked", "imports not linked"),
    )
    return [counted(*each) for each in waiting if each[0]]


async def _relinking(database: Database) -> Finding:
    """Look for jobs of relinking that met a bug."""
    about, worst = "Relinking", await database.fetchrow(QUERIES["postponed_jobs"])
    if worst is None:
        return well(about, "no job met an error")
    jobs, times = counted(worst["postponed"], "job"), counted(worst["failures"], "time")
    words = f"{jobs} met a bug, one of them {times}: {worst['last_failure']}"
    again = f"{worst['retry_at']:%Y-%m-%d %H:%M}"
    return wrong(
        about, words, f"Report it with the log of enrichment. Everything else is linked, and this is retried at {again}."
    )


def _letters(schema: str, counts: dict[str, int]) -> Finding:
    about, waiting = f"Dead letters of {schema}", counts.get("waiting", 0)
    if waiting:
        remedy = "`symposia dlq list` says why; fix the cause, then `symposia dlq replay` or `discard`."
        return wrong(about, counted(waiting, "waits", "wait"), remedy)
    quarantined = counts.get("quarantined", 0)
    apart = (
        f"; {quarantined} in quarantine contradict the record (`symposia dlq list --state quarantined`)" if quarantined else ""
    )
    return well(about, f"none waits{apart}")

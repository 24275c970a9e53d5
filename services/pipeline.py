"""How far each stage of the way from the door to the impact has come: by its offsets, not by waiting for a while."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

import orjson
from prometheus_client import CollectorRegistry

from services.enrichment.app import NAME as ENRICHMENT_GROUP
from services.gateway.definitions.handler import GROUP as DEFINITIONS_GROUP
from services.gateway.recorder import GROUP as RECORDER_GROUP
from services.ingest.asking.handler import GROUP as ASKING_GROUP
from services.ingest.telling import GROUP as TELLING_GROUP
from services.installation import Installation
from services.scoring.handler import GROUP as SCORING_GROUP
from services.tables import open_tables
from shared.clock import utc_now
from shared.contracts import ENRICHED, HEARD, NOTICED, OBJECTION, RECEIVED, RECORDED, Topic
from shared.contracts.wire import LAST_ORDINAL
from shared.postgres import Database, load_queries
from shared.stream.log import Log
from shared.stream.metrics import StreamMetrics
from shared.stream.open import open_log
from shared.stream.record import Partition

_QUERIES: Final = load_queries(__package__, "pipeline.sql")
LOOK: Final = 0.1
"""Seconds between two looks at the offsets."""
_NOTHING: Final = 0


@dataclass(frozen=True, slots=True)
class Stage:
    """A consumer group, the topic that it reads, and the schema of its books."""

    group: str
    topic: Topic
    schema: str


STAGES: Final = (
    Stage(TELLING_GROUP, HEARD, "ingest"),
    Stage(RECORDER_GROUP, RECEIVED, "lrs"),
    Stage(ENRICHMENT_GROUP, RECORDED, "records"),
    Stage(SCORING_GROUP, ENRICHED, "impact"),
    Stage(SCORING_GROUP, OBJECTION, "impact"),
    Stage(DEFINITIONS_GROUP, RECORDED, "lrs"),
)
"""In the order of the way: what a stage has said is there for those behind it to read."""
ASKING: Final = Stage(ASKING_GROUP, NOTICED, "ingest")
"""Beside the way: platforms are asked for what they named, and no projection waits for that."""
SCHEMAS: Final = tuple(dict.fromkeys(stage.schema for stage in (*STAGES, ASKING)))


@dataclass(frozen=True, slots=True)
class StageStanding:
    """Where a stage stands: records that it has not read, rows that it has not published, jobs that it has not done.

    *read* and *end* are offsets, summed over the partitions: of the next record that it reads, and of the next that the log gets.
    *places* say how far it has come with its jobs.
    """

    stage: Stage
    behind: int
    outbox: int
    jobs: int = 0
    read: int = 0
    end: int = 0
    places: str = ""

    def moved_since(self, earlier: StageStanding) -> bool:
        """Say whether the stage did something since it stood where *earlier* says, however much came meanwhile."""
        return (self.read, self.places) != (earlier.read, earlier.places) or (
            self.outbox < earlier.outbox or self.jobs < earlier.jobs
        )

    @property
    def left(self) -> int:
        """Return how much is left to do, as far as this stage knows."""
        return self.behind + self.outbox + self.jobs


class Pipeline:
    """The way from the door to the impact, looked at from outside; raises Unavailable for an outage."""

    def __init__(self, log: Log, databases: Mapping[str, Database]) -> None:
        self.log = log
        self.databases = databases

    async def standing(self, stage: Stage) -> StageStanding:
        """Say where *stage* stands."""
        return await self._standing(stage, await self.log.ends(stage.topic), LAST_ORDINAL)

    async def _standing(self, stage: Stage, ends: Mapping[Partition, int], row_id: int) -> StageStanding:
        """Say how much *stage* has left of its topic up to *ends*, and of its outbox up to the row *row_id*."""
        database = self.databases[stage.schema]
        row = await database.fetchrow(_QUERIES["place"], stage.group, stage.topic.name, row_id)
        offsets = orjson.loads(row["offsets"]) if row else {}
        behind = sum(max(end - offsets.get(str(partition.number), 0), 0) for partition, end in ends.items())
        outbox, read, end = row["outbox"] if row else 0, sum(offsets.values()), sum(ends.values())
        if stage.group != ENRICHMENT_GROUP:
            return StageStanding(stage, behind, outbox, read=read, end=end)
        jobs, places = await database.fetchrow(_QUERIES["relinks"]) or (0, "")
        return StageStanding(stage, behind, outbox, jobs, read, end, places)

    async def standings(self, stages: Sequence[Stage] = STAGES) -> Sequence[StageStanding]:
        """Say where each of *stages* stands, in the order of the way: if none has anything left, all that was said is done."""
        return [await self.standing(stage) for stage in stages]

    async def ensure(self) -> None:
        """Make the topics that are missing, as not every service may run. Raises Misconfigured where we may not look at one."""
        await self.log.ensure(tuple(dict.fromkeys(stage.topic for stage in STAGES)))

    async def until_settled(self, tell: Callable[[Sequence[StageStanding]], None]) -> None:
        """Return once each stage has done and said what lay before it when those before it had; later news is not waited for.

        At each look it is told where the stages stand, from the one that is waited for on. Topics that are missing are made.
        """
        await self.ensure()
        for place, stage in enumerate(STAGES):
            await self._until_done(place, await self.log.ends(stage.topic), _NOTHING, tell)
            said = await self.databases[stage.schema].fetchval(_QUERIES["youngest_row"])
            await self._until_done(place, {}, said, tell)

    async def _until_done(
        self, place: int, ends: Mapping[Partition, int], row_id: int, tell: Callable[[Sequence[StageStanding]], None]
    ) -> None:
        """Return once the stage at *place* has nothing left up to *ends* and *row_id*."""
        while True:
            standing = await self._standing(STAGES[place], ends, row_id)
            tell([standing, *await self.standings(STAGES[place + 1 :])])
            if not standing.left:
                return
            await asyncio.sleep(LOOK)


@asynccontextmanager
async def open_pipeline(installation: Installation, application: str) -> AsyncIterator[Pipeline]:
    """Open the log and the books of every stage."""
    async with AsyncExitStack() as stack:
        databases = {
            schema: await stack.enter_async_context(open_tables(installation, schema, application)) for schema in SCHEMAS
        }
        metrics = StreamMetrics(CollectorRegistry(), utc_now)
        log = await open_log(installation.client.stream, installation.postgres, application=application, metrics=metrics)
        stack.push_async_callback(log.close)
        yield Pipeline(log, databases)

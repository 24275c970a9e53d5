"""Look over and over which sources have something due, and ask each in a task of its own: a slow platform delays no other."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog

from services.ingest.asking.asker import Asker
from services.ingest.asking.backlog import Backlog
from services.ingest.asking.metrics import AskingMetrics
from services.ingest.asking.store import AskingStore
from services.ingest.book import SourceBook
from services.ingest.connectors.connector import Connector
from services.ingest.domain.source import Platform, Source, SourceId, State
from shared.clock import Clock
from shared.errors import Unavailable
from shared.events import rest

log = structlog.get_logger()


class Asking:
    """Serve the sources of *connectors* that have to be asked."""

    def __init__(
        self,
        *,
        book: SourceBook,
        asker: Asker,
        store: AskingStore,
        connectors: Mapping[Platform, Connector],
        clock: Clock,
        metrics: AskingMetrics,
        backlog: Backlog,
        look: float,
    ) -> None:
        self._book = book
        self._asker = asker
        self._store = store
        self._connectors = connectors
        self._clock = clock
        self._metrics = metrics
        self._backlog = backlog
        self._look = look
        self._begun: Mapping[SourceId, tuple[bytes, ...]] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Ask until *stop* is set; what is under way then is given up, and asked again by whoever comes next."""
        serving: dict[SourceId, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as group:
            while not stop.is_set():
                for source in await self._due():
                    if source.id not in serving or serving[source.id].done():
                        serving[source.id] = group.create_task(self._serve(source), name=f"asking for {source.id}")
                await rest(stop, self._look)
            for task in serving.values():
                task.cancel()

    async def once(self) -> int:
        """Serve each source that has something due, one after the other; return how many. Raises Unavailable."""
        due = await self._find()
        for source in due:
            await self._asker.serve(self._connectors[source.platform], source)
        return len(due)

    async def _due(self) -> list[Source]:
        try:
            found = await self._find()
            standings = await self._store.standings()
            self._metrics.show(standings)
            self._backlog.update(standings)
        except Unavailable as outage:
            log.warning("platforms are asked later", part=outage.part, reason=outage.reason)
            return []
        return found

    async def _find(self) -> list[Source]:
        """Return the sources that have something due; the polls of one that is new, or was removed and added again, begin."""
        heard = {
            source.id: source
            for source in await self._book.all()
            if source.state is State.ACTIVE and self._asks(source) and source.secrets
        }
        now = self._clock()
        for source in heard.values():
            if self._begun.get(source.id) != source.secrets:
                await self._store.begin(source.id, self._connectors[source.platform].polls, now)
        self._begun = {source.id: source.secrets for source in heard.values()}
        due = await self._store.due(heard, now) if heard else frozenset()
        return [source for name, source in heard.items() if name in due]

    def _asks(self, source: Source) -> bool:
        connector = self._connectors.get(source.platform)
        return connector is not None and connector.asks

    async def _serve(self, source: Source) -> None:
        try:
            await self._asker.serve(self._connectors[source.platform], source)
        except Unavailable as outage:
            log.warning("a platform is asked later", source=source.id, part=outage.part, reason=outage.reason)

"""The sources in memory: read from the table every few seconds, and kept while PostgreSQL is down."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from services.ingest.domain.interaction import ChannelId
from services.ingest.domain.source import Source, SourceId
from shared.clock import Clock
from shared.errors import Unavailable
from shared.stream.background import spawn

log = structlog.get_logger()

PATIENCE: Final = 0.5
"""Seconds that whoever asks for a source waits for a table that was read before: a PostgreSQL that hangs holds up no door."""
LOOKED_AGAIN: Final = timedelta(seconds=1)
"""How soon a source that is not there is looked for again: whoever guesses names must not keep PostgreSQL busy."""


class SourceBook:
    """Find a source by its webhook's address; a change of the table is seen *refresh* seconds later at the latest."""

    def __init__(self, load: Callable[[], Awaitable[Mapping[SourceId, Source]]], clock: Clock, refresh: float) -> None:
        self._load = load
        self._clock = clock
        self._refresh = timedelta(seconds=refresh)
        self._sources: Mapping[SourceId, Source] | None = None
        self._closed: dict[SourceId, frozenset[ChannelId]] = {}
        self._looked: datetime | None = None
        self._missed: datetime | None = None
        self._lock = asyncio.Lock()
        self._reading: asyncio.Task[None] | None = None
        self._outage: Unavailable | None = None
        self._begun = self._read_last = 0

    async def find(self, platform: str, name: str) -> Source | None:
        """Return the source *name* of *platform*, or None where there is none.

        Raises Unavailable where it is not known, and the table cannot be read now: it may just have been added.
        """
        await self._read()
        source = self._get(name)
        if source is None and self._may_look_again():
            self._missed = self._clock()
            self.expire()
            await self._read()
            source = self._get(name)
        if source is None and (outage := self._lasting_outage()) is not None:
            raise outage
        return source if source is not None and source.platform == platform else None

    def known(self, platform: str, name: str) -> SourceId | None:
        """Return the name of a source that there was when the table was read last, or None; reads nothing."""
        source = self._get(name)
        return source.id if source is not None and source.platform == platform else None

    async def get(self, name: SourceId) -> Source | None:
        """Return the source *name*, or None; raises as `find` does."""
        await self._read()
        return self._get(name)

    async def look_up(self, name: SourceId) -> Source | None:
        """Return the source *name*, or None where the table has none by now; raise Unavailable where it cannot be read."""
        if (source := await self.get(name)) is None:
            await self.renew()
            source = self._get(name)
        return source

    async def renew(self) -> None:
        """Read the table now; raise Unavailable where that cannot be done."""
        await self._load_newest()
        self._looked = self._clock()

    async def all(self) -> tuple[Source, ...]:
        """Return every source; raises as `find` does."""
        await self._read()
        return tuple(self._sources.values()) if self._sources is not None else ()

    def close(self, name: SourceId, channels: Iterable[ChannelId]) -> None:
        """Take *channels* of the source *name* for private from now on: the table is told so later, by what tells."""
        self._closed[name] = self._closed.get(name, frozenset()).union(channels)
        if self._sources is not None:
            self._sources = self._closing(self._sources)

    def expire(self) -> None:
        """Read the table again at the next use."""
        self._looked = None

    def _may_look_again(self) -> bool:
        """Say whether no source was missed lately: however fresh the table is, one may just have been added."""
        return self._missed is None or self._since(self._missed) >= LOOKED_AGAIN

    def _get(self, name: str) -> Source | None:
        return self._sources.get(SourceId(name)) if self._sources is not None else None

    async def _read(self) -> None:
        """Read the table unless it was read, or could not be read, less than *refresh* seconds ago."""
        if self._is_fresh():
            return
        async with self._lock:
            if self._is_fresh():
                return
            if self._reading is None or self._reading.done():
                self._reading = spawn(self._read_all(), "reading the sources")
            await asyncio.wait([self._reading], timeout=None if self._sources is None else PATIENCE)
            if self._sources is None:
                self._reading.result()  # a bug of ours is not that there are no sources
                if self._outage is not None:
                    raise self._outage
            if (outage := self._lasting_outage()) is not None:
                log.warning("the sources are used as they were last read", part=outage.part, reason=outage.reason)
            self._looked = self._clock()

    def _lasting_outage(self) -> Unavailable | None:
        """Return the outage by which the table was not read when it was to be last, or None."""
        if self._reading is not None and not self._reading.done():
            return Unavailable("postgres", f"the sources were not read within {PATIENCE:g} s")
        return self._outage

    async def _read_all(self) -> None:
        """Read the table; where that cannot be done now, what was read last stays."""
        try:
            await self._load_newest()
            self._outage = None
        except Unavailable as outage:
            self._outage = outage

    async def _load_newest(self) -> None:
        """Read the table; of two that do so at the same time, what the later to begin has read stays."""
        self._begun += 1
        turn = self._begun
        sources = await self._load()
        if turn > self._read_last:
            self._sources, self._read_last = self._closing(sources), turn

    def _closing(self, sources: Mapping[SourceId, Source]) -> Mapping[SourceId, Source]:
        """Return *sources* with the channels closed that are known to be, by the table or by what was heard here.

        A source that is removed takes with it what is known of its channels.
        """
        self._closed = {name: channels for name, channels in self._closed.items() if name in sources}
        closed = ((sources[name], channels) for name, channels in self._closed.items())
        return {**sources, **{each.id: replace(each, closed=each.closed | channels) for each, channels in closed}}

    def _is_fresh(self) -> bool:
        return self._sources is not None and self._looked is not None and self._since(self._looked) < self._refresh

    def _since(self, moment: datetime) -> timedelta:
        """Say how far the clock is from *moment*: where it was set back, what was read is as old as that."""
        return abs(self._clock() - moment)

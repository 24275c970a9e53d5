"""A web to poll, in memory: what stands at which address, and a source whose connector asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from services.ingest.connectors.connector import Connector
from services.ingest.domain.asking import Answer, Circumstances, Cursor, Request
from services.ingest.domain.reading import Lookup, Reading
from services.ingest.domain.source import Source
from tests.support.ingest import NOW, Ear

MOST_TURNS = 20
WAITED = timedelta(minutes=2)


@dataclass
class Web:
    """Answers by their addresses; *asked* is what was asked for. What is not there answers 404."""

    pages: dict[str, Answer] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)

    def answer(self, request: Request) -> Answer:
        self.asked.append(request)
        found = self.pages.get(request.url, Answer(404))
        wanted = request.headers.get("If-None-Match")
        return Answer(304) if wanted and wanted == found.headers.get("etag") else found


@dataclass
class Poller:
    """Ask for *source*, as the service does: every page of a poll, then what it names."""

    connector: Connector
    source: Source
    web: Web
    cursors: dict[str, Cursor] = field(default_factory=dict)
    seen: dict[str, Lookup] = field(default_factory=dict)

    @property
    def circumstances(self) -> Circumstances:
        return Circumstances(NOW, f"https://symposia.example/hooks/{self.source.platform}/{self.source.id}")

    def turn(self, name: str) -> list[Reading]:
        """Turn all pages of the poll *name*."""
        poll, readings = self.connector.polls[name], list[Reading]()
        for _ in range(MOST_TURNS):
            request = poll.ask(self.source, self.cursors.get(name, {}), self.circumstances)
            if request is None:
                return readings
            page = poll.read(self.source, self.cursors.get(name, {}), self.web.answer(request))
            self.cursors[name] = page.cursor
            readings.append(page.reading)
            if not page.more:
                return readings
        raise AssertionError(f"the poll {name} never ends")

    def look_up(self, lookup: Lookup) -> Reading:
        """Ask for what was named."""
        assert self.connector.fetch is not None
        answer = self.web.answer(self.connector.fetch.ask(self.source, lookup, self.circumstances))
        return self.connector.fetch.read(self.source, lookup, answer)

    def round(self) -> list[Reading]:
        """Turn every poll once, and ask for all that is named, but for what is to be asked for some other day."""
        readings = [reading for name in self.connector.polls for reading in self.turn(name)]
        waiting = [lookup for reading in readings for lookup in reading.lookups if not lookup.after]
        while waiting:
            reading = self.look_up(waiting.pop(0))
            readings.append(reading)
            waiting += (each for each in reading.lookups if not each.after)
        return readings


async def told(source: Source, *readings: Reading, ear: Ear | None = None) -> list[dict[str, Any]]:
    """Return the statements that come of *readings*, once nothing waits any more."""
    ear = ear or Ear()
    await hear(ear, source, *readings)
    return ear.statements()


async def hear(ear: Ear, source: Source, *readings: Reading) -> None:
    """Let *ear* take *readings*, and wait until what they lack is not expected any more."""
    await ear.hear()
    for reading in readings:
        bare = Reading(reading.decided, reading.undecided, reading.known, reading.closed, reading.ignored)
        await ear.take(source, bare)
    ear.now = max(ear.now, NOW) + WAITED
    await ear.sweep(source)


def page(body: bytes, **headers: str) -> Answer:
    """Return an answer that has *body*."""
    named: Mapping[str, str] = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(200, named, body)

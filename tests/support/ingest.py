"""A platform's delivery, signed as the platform signs, and an ear that hears and tells it, over a log in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from prometheus_client import CollectorRegistry

from services.ingest.book import SourceBook
from services.ingest.connectors.registry import CONNECTORS, HOOKS
from services.ingest.domain.asking import Answer
from services.ingest.domain.interaction import AccountName
from services.ingest.domain.reading import Delivery, Lookup, Reading
from services.ingest.domain.source import Source, SourceId
from services.ingest.forgotten import Erased
from services.ingest.hearing import Hearing, Taken
from services.ingest.intake import FOR_EVER, Intake
from services.ingest.metrics import IngestMetrics
from services.ingest.settings import WaitingSettings
from services.ingest.tallies import Tallies
from services.ingest.telling import Telling
from shared.clock import rfc3339
from shared.contracts import HEARD, NOTICED, RECEIVED, Received, decode
from shared.postgres import Transaction
from shared.stream import Batch, Partition, Rejection
from shared.stream.memory import MemoryLog
from shared.xapi.vocabulary import TARGET_EXTENSION
from tests.support.remembering import MemoryStore
from tests.support.signing import sign

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SECRET = b"8f742231b10e8888abcd99yyyzzz85a5"


def as_json(document: Any) -> bytes:
    """Write *document* as JSON, with whatever numbers are in it."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


@dataclass(frozen=True)
class Sent:
    """A delivery before it is signed: *write* makes its body of what the connector reads.

    *answer* is what the platform answers when it is asked for what the delivery names, or says so of each lookup.
    """

    source: Source
    document: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    write: Callable[[Any], bytes] = as_json
    answer: Any = None

    def answer_to(self, lookup: Lookup) -> Any:
        return self.answer(lookup) if callable(self.answer) else self.answer

    @property
    def body(self) -> bytes:
        return self.write(self.document)

    def signed(self, now: datetime = NOW, secret: bytes = SECRET) -> dict[str, str]:
        return {**self.headers, **sign(self.source.platform, self.body, secret, now)}


class Still:
    """A stand-in for a transaction, which nothing is read from or written to."""

    async def execute(self, query: str) -> str:
        return query


class Ear:
    """What a door and what tells do, over a log in memory: what was heard, and what came of it."""

    def __init__(self, store: Any = None, log: MemoryLog | None = None, metrics: IngestMetrics | None = None) -> None:
        self.now = NOW
        self.log = log or MemoryLog(self.clock)
        self.store = store or MemoryStore()
        self.registry = CollectorRegistry()
        self.metrics = metrics or IngestMetrics(self.registry, Tallies(self.clock))
        self.hearing = Hearing(self.log, self.clock, self.metrics)
        self.intake = Intake(
            store=self.store,
            log=self.log,
            clock=self.clock,
            metrics=self.metrics,
            waiting=WaitingSettings(),
            home_page="https://symposia.acme.example",
        )

        self.erased: frozenset[AccountName] = frozenset()
        self.sources: dict[SourceId, Source] = {}
        self.rejected: list[Rejection] = []
        self._told: dict[Partition, int] = {}

    def clock(self) -> datetime:
        return self.now

    async def told_until(self) -> datetime:
        """Say that all that was heard is told."""
        return self.now

    async def erased_since(self, time: datetime, transaction: Transaction) -> Erased:
        """Say that those are erased now, as at every time, who are in *erased*."""
        del time, transaction
        was_erased = (lambda source, name, heard: name in self.erased) if self.erased else None  # noqa: ARG005  everywhere, at any time
        return Erased(FOR_EVER, was_erased)

    async def load(self) -> Mapping[SourceId, Source]:
        return self.sources

    async def take(self, source: Source, reading: Reading) -> Taken:
        """Hear *reading*, and tell it with all that was heard meanwhile."""
        self.sources[source.id] = source
        taken = await self.hearing.take(source, reading)
        await self.tell()
        return taken

    async def tell(self) -> None:
        """Tell what was heard and is not told yet."""
        for partition, records in [*self.log.records.items()]:
            first = self._told.get(partition, 0)
            if partition.topic == HEARD.name and len(records) > first:
                self._told[partition] = len(records)
                await self._tell(Batch(partition, tuple(records[first:])), first)

    async def _tell(self, batch: Batch, first: int) -> None:
        telling = Telling(SourceBook(self.load, self.clock, 1e-9), self.intake, self.erased_since)
        try:
            decision = await telling(batch, Still())  # type: ignore[arg-type]  # each delivery has its own
        except BaseException:
            self._told[batch.partition] = first
            raise
        self.rejected += decision.rejections

    async def hear(self, *deliveries: Sent) -> None:
        if not self.log.records:
            await self.log.ensure((HEARD, RECEIVED, NOTICED))
        for sent in deliveries:
            reading = HOOKS[sent.source.platform].read(sent.source, Delivery(sent.headers, sent.document))
            await self.take(sent.source, reading)
            waiting = list(reading.lookups) if sent.answer is not None else []
            while waiting:
                lookup = waiting.pop()
                answer = answered(sent.source, lookup, sent.answer_to(lookup))
                await self.take(sent.source, answer)
                waiting += answer.lookups

    async def sweep(self, source: Source) -> None:
        await self.store.derive(self.now, 100)
        overdue = await self.store.overdue(self.now, 100)
        await self.intake.tell_overdue(source, [each for each in overdue if each.source == source.id], rfc3339(self.now))

    def received(self) -> list[Received]:
        topics = self.log.records.items()
        received = (record for partition, records in topics if partition.topic == RECEIVED.name for record in records)
        return [decode(record.value, Received) for record in received]

    def told(self) -> set[tuple[str, bytes]]:
        """Return the id and bytes of every statement that was appended."""
        return {(each.id, bytes(each.body)) for received in self.received() for each in received.statements}

    def statements(self) -> list[dict[str, Any]]:
        return [orjson.loads(bytes(each.body)) for received in self.received() for each in received.statements]


def answered(source: Source, lookup: Lookup, document: Any, noticed: datetime = NOW) -> Reading:
    """Return what is read where *document* is the answer to *lookup*, which the door heard of when it was *noticed*."""
    fetch = CONNECTORS[source.platform].fetch
    assert fetch is not None
    # JSON to everybody, and what it has to be called on the fediverse
    answer = Answer(200, {"content-type": "application/activity+json"}, as_json(document))
    return fetch.read(source, Lookup(lookup.key, lookup.reference, rfc3339(noticed)), answer)


def acts(statements: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """Return who did what to which object, in short, sorted."""
    return sorted(
        (each["actor"]["account"]["name"], each["verb"]["id"].rsplit("/", 1)[1], _named(each["object"]).split("//", 1)[-1])
        for each in statements
    )


def _named(thing: Mapping[str, Any]) -> str:
    return str(thing["id"] if "id" in thing else thing["account"]["name"])


def is_agent(thing: Mapping[str, Any]) -> bool:
    """Say whether *thing*, who acted or upon what, is a person."""
    return bool(thing["objectType"] == "Agent")


def named(statement: Mapping[str, Any]) -> set[str]:
    """Return whom *statement* names: who acted, upon whom, and whose the thing was."""
    author = statement["context"].get("extensions", {}).get(TARGET_EXTENSION)
    agents = [each for each in (statement["actor"], statement["object"], author) if each is not None and is_agent(each)]
    return {each["account"]["name"] for each in agents}


def account_names(*names: str) -> frozenset[AccountName]:
    return frozenset(map(AccountName, names))

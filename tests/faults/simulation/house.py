"""The house on the stage: its members are the services' own consumers, handlers and doors, wired as each `app.py` does it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import msgspec
import orjson
from prometheus_client import CollectorRegistry
from starlette.requests import Request

from services.enrichment.handler import Enrichment
from services.enrichment.imports import Importer, Kind
from services.enrichment.linking import Linking
from services.enrichment.relink import Relinker
from services.gateway.attachments.answer import Attachments
from services.gateway.attachments.store import AttachmentStore
from services.gateway.credentials.versions import Versions
from services.gateway.definitions.serving import known_definitions
from services.gateway.definitions.store import DefinitionStore
from services.gateway.domain.admission import Admitted, Writing, admit
from services.gateway.domain.credential import Credential, KeyId, Scope
from services.gateway.domain.keychain import Keychain
from services.gateway.metrics import GatewayMetrics
from services.gateway.statements.announcing import announce
from services.gateway.statements.formatting import Formatting
from services.gateway.statements.horizon import Horizon
from services.gateway.statements.progress import Progress
from services.gateway.statements.reading import Reader
from services.gateway.statements.recorder_books import PostgresRecorderBooks
from services.gateway.statements.recording import Recording, Verdict
from services.gateway.statements.store import StatementStore
from services.scoring.handler import Scoring
from services.scoring.metrics import ScoringMetrics
from shared.contracts import ENRICHED, RECEIVED, RECORDED, Received, Topic, dead_letters_of, encode
from shared.errors import Unavailable
from shared.stream import Batch, Consumer, ConsumerSettings, Handler, MemoryLog, Outgoing, PostgresLedger, Step, StreamMetrics
from shared.stream.publisher import Publisher
from shared.xapi import guard
from shared.xapi.model import Version
from tests.faults.simulation.faults import Troop
from tests.faults.simulation.parts import MERGE, Books, Cast, HouseParts
from tests.faults.simulation.plot import MONDAY, Plot, Said, as_passed_on, as_sent
from tests.faults.simulation.stage import IDLE, NEVER, Crash, Director
from tests.support.received import AUTHORITY, received_statement

TWO: Final = 2
"""Partitions of every topic here: enough for two members to be at work at once."""
BACK_OFF: Final = 0.3
"""Seconds of the stage's time after which a hook tells again what the log did not take."""
TOPICS: Final = {topic.name: Topic(topic.name, TWO) for topic in (RECEIVED, RECORDED, ENRICHED)}
CREDENTIAL: Final = Credential(
    KeyId("a" * 16),
    "lms",
    frozenset({Scope.ALL}),
    orjson.dumps({"objectType": "Agent", "account": {"homePage": "https://symposia.example", "name": "lms"}}),
    AUTHORITY,
    (),
)
SOURCE: Final = f"credential:{CREDENTIAL.key_id}"


class OpenDoor:
    """A door that opens to everybody: keys are not what a history is about."""

    versions = Versions(without_header=Version.V1_0_3, otherwise=Version.V1_0_3)

    async def authorise(self, *_: object) -> Credential:
        """Let in."""
        return CREDENTIAL

    def note_refusal(self, *_: object) -> None:
        """Note nothing."""


@dataclass
class House:
    """The processes of one history, and what they were told: *answers* of the door, *seen* and *through* of the poller."""

    director: Director
    books: Books
    parts: HouseParts
    chance: Random
    cast: Cast = Cast.WHOLE
    log: MemoryLog = field(default_factory=MemoryLog)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    answers: list[tuple[Admitted, Verdict]] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    through: str = ""
    bugs: list[BaseException] = field(default_factory=list)
    busy: set[str] = field(default_factory=set)
    troops: dict[str, Troop] = field(default_factory=dict)
    progress: Progress | None = None

    async def open(self, plot: Plot) -> None:
        """Empty the tables, make the topics, and let everybody enter."""
        await self.books.ask("SELECT simulation.begin()")
        await self.log.ensure([*TOPICS.values(), *(dead_letters_of(topic, group) for topic, group in GROUPS)])
        for topic, group in GROUPS[: 1 if self.cast is Cast.RECORDING else None]:
            self.troops[group] = Troop(group, self.log, (topic,))
            for number in range(2):
                self._start(f"{group}-{number}", self._member)
        self.progress = self._progress()
        self.director.start("progress", lambda: self.progress.run(self.stop))  # type: ignore[union-attr]
        for number, requests in enumerate(plot.posted):
            self._start(f"poster-{number}", lambda name, told=requests: self._once(name, self._post(told)))  # type: ignore[misc]
        self._start("hook", lambda name: self._once(name, self._tell(plot.hook)))
        reader = self._reader()
        self._start("poller", lambda _: self._now_and_then(lambda: self._poll(reader)))
        if self.cast is Cast.WHOLE:
            self._enter_outside_the_loop()

    def _enter_outside_the_loop(self) -> None:
        """Let those enter who relink, and who publish what relinking emits."""
        self._start("importer", lambda name: self._once(name, self._import()))
        relinker, publisher = self._outside_the_loop()
        self._start("relinker", lambda _: self._now_and_then(relinker.turn))
        self._start("drainer", lambda _: self._now_and_then(publisher.drain))

    def troop_of(self, name: str) -> Troop | None:
        """Return the group that the process called *name* is a member of."""
        return self.troops.get(name.rpartition("-")[0])

    def _start(self, name: str, work: Callable[[str], Any]) -> None:
        self.director.start(name, lambda: work(name))

    async def _once(self, name: str, work: Any) -> None:
        """Do *work*, before whose end there is no calm."""
        self.busy.add(name)
        await work
        self.busy.discard(name)

    async def _now_and_then(self, work: Callable[[], Any]) -> None:
        while not self.stop.is_set():
            try:
                await self.director.hold(IDLE)
                await work()
            except (Unavailable, Crash):
                continue

    async def _member(self, name: str) -> None:
        """Be a process that is started again whenever it dies."""
        group = name.rpartition("-")[0]
        (topic,) = self.troops[group].topics
        while not self.stop.is_set():
            handler, observer = self._handler(group)
            consumer: Consumer[Any] = Consumer(
                group=group,
                topics=[topic],
                handler=handler,
                log=self.log,
                ledger=self.parts.ledger(self.books.pools[name], announce if group == "recorder" else None),
                settings=ConsumerSettings(
                    batch_records=2, fetch_wait=0.5, backoff=0.1, backoff_limit=1.0, attempts=1000, outbox_look=NEVER
                ),
                metrics=StreamMetrics(CollectorRegistry()),
                observer=observer,
            )
            self.troops[group].consumers[name] = consumer
            try:
                await consumer.run(self.stop)
            except Crash:
                await self.director.hold("dead")
            except Exception as bug:  # noqa: BLE001  whatever stops the loop is what the history is about
                self.bugs.append(bug)
                return

    def _handler(self, group: str) -> tuple[Handler[Any], Any]:
        if group == "recorder":
            announced = Hinting(self.parts.recorder(observer=self.director.observe), self)
            return announced, announced.observe
        if group == "enrichment":
            store = self.parts.store()
            return Enrichment(store, Linking(store)), self.director.observe
        metrics = ScoringMetrics(CollectorRegistry(), lambda: MONDAY)
        return Scoring(metrics), metrics.observing(self.director.observe)

    def _outside_the_loop(self) -> tuple[Relinker, Publisher[Any]]:
        relinking, draining = self.books.pools["relinker"], self.books.pools["drainer"]
        store, owner, observer = self.parts.store(), self.parts.relink_owner, self.director.observe
        publishers = [
            self.parts.publisher(owner=owner, log=self.log, ledger=PostgresLedger(pool), observer=observer)
            for pool in (relinking, draining)
        ]
        return Relinker(relinking, store, Linking(store), publishers[0]), publishers[1]

    def _progress(self) -> Progress:
        door = self.books.pools["door"]
        books = PostgresRecorderBooks(door, StatementStore(door), "recorder")
        return Progress(books, poll=0.1, patience=30.0, metrics=GatewayMetrics(CollectorRegistry()))

    def _reader(self) -> Reader:
        database = self.books.pools["poller"]
        store = StatementStore(database)
        return self.parts.reader(
            door=OpenDoor(),  # type: ignore[arg-type]
            store=store,
            attachments=Attachments(AttachmentStore(database)),
            formatting=Formatting(known_definitions(DefinitionStore(database))),
            horizon=Horizon(store),
            keychain=Keychain.of(bytes(32)),
            base_url="https://lrs.example",
            page_size=2,
        )

    async def _post(self, requests: list[tuple[Said, ...]]) -> None:
        """Send *requests* through the door's own admission and recording, one after the other."""
        assert self.progress is not None
        recording = Recording(self.log, self.progress, GatewayMetrics(CollectorRegistry()))
        for request in requests:
            await self.director.hold("post")
            admitted = admit(as_sent(request), Writing(Version.V1_0_3, CREDENTIAL, MONDAY, guard.Limits(), 100))
            try:
                self.answers.append((admitted, await recording.record(admitted, "00-" + "1" * 32 + "-" + "2" * 16 + "-01")))
            except Unavailable:
                continue

    async def _tell(self, told: list[tuple[tuple[Said, ...], tuple[str, ...]]]) -> None:
        """Append what a platform's hook tells, with what was deleted there."""
        for request, gone in told:
            await self.director.hold("tell")
            statements = tuple(received_statement(dict(as_passed_on(said))) for said in request)
            message = Received("2026-03-02T09:00:01.000000Z", SOURCE, AUTHORITY, statements, gone)
            while True:
                try:
                    await self.log.append([Outgoing(RECEIVED, encode(message))])
                    break
                except Unavailable:
                    await asyncio.sleep(BACK_OFF)

    async def _import(self) -> None:
        """Say whose account the stranger's is, until it is taken."""
        while True:
            try:
                await self.director.hold("import")
                await Importer(self.books.pools["importer"]).take(Kind.PEOPLE, MERGE.encode())
            except (Unavailable, Crash):
                continue
            return

    async def _poll(self, reader: Reader) -> None:
        """Ask for what is new, page by page, and believe what the last answer says of Consistent-Through."""
        since = f"&since={self.through}" if self.through else ""
        order, limit = self.chance.choice((("true", 1), ("true", 2), ("false", 1), ("false", 1), ("false", 1)))
        response = await reader.get(_request(f"limit={limit}&ascending={order}{since}"))
        page = msgspec.json.decode(bytes(response.body))
        found = list(page["statements"])
        while page["more"]:
            await self.director.hold("next page")
            response = await reader.get(_request(page["more"].partition("?")[2]))
            page = msgspec.json.decode(bytes(response.body))
            found += page["statements"]
        self.seen |= {statement["id"] for statement in found}
        self.through = response.headers["x-experience-api-consistent-through"]


class Hinting:
    """The recorder's handler, whose announcements come early, in time, or never, as a seed will have it."""

    def __init__(self, handler: Handler[Any], house: House) -> None:
        self._handler = handler
        self._house = house
        self._reached = (0, 0)

    async def __call__(self, batch: Batch, transaction: Any) -> Any:
        """Decide the batch, and know what it reaches."""
        self._reached = (batch.partition.number, batch.records[-1].offset + 1)
        return await self._handler(batch, transaction)

    async def observe(self, step: Any) -> None:
        """Hold the member; a hint may come with a commit, or (from somebody else's mistake) before it."""
        likely = {Step.COMMITTED: 0.7, Step.DECIDED: 0.1}.get(step, 0.0)
        if likely and self._house.progress is not None and self._house.chance.random() < likely:
            self._house.progress.heard(*self._reached)
        await self._house.director.observe(step)


GROUPS: Final = tuple(
    (TOPICS[topic.name], group) for topic, group in ((RECEIVED, "recorder"), (RECORDED, "enrichment"), (ENRICHED, "scoring"))
)


def _request(query: str) -> Request:
    return Request(
        {
            "type": "http",
            "method": "GET",
            "path": "/xapi/statements",
            "query_string": query.encode(),
            "headers": [(b"x-experience-api-version", b"1.0.3")],
        }
    )

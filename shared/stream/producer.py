"""The supervisor of a producer: a deadline on every append, bytes in flight bounded, and a new producer after a fatal error.

It knows no client library: `Sender` is what the one door to Kafka implements.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final, Protocol

import structlog

from shared.deadlines import Deadlines
from shared.errors import Misconfigured, Unavailable
from shared.stream.background import end, spawn
from shared.stream.inflight import InFlight
from shared.stream.log import weigh
from shared.stream.metrics import StreamMetrics
from shared.stream.record import Outgoing, Position

START_PATIENCE: Final = 30.0
"""Seconds that a new producer has to reach its brokers, whatever the deadline of the append that asks for it."""

_log = structlog.get_logger()


class BrokenProducer(Exception):
    """The producer cannot go on; a new one has to take its place, and the outcome of what was under way is unknown.

    Unless it was refused: then *refusal* says what somebody has to change.
    """

    def __init__(self, reason: str, refusal: Misconfigured | Unavailable | None = None) -> None:
        super().__init__(reason)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Pending:
    """Records handed to a producer: *acknowledged* is done when the log has those at *indices* of an append, or refuses them."""

    indices: Sequence[int]
    acknowledged: asyncio.Future[Any]


class Sender(Protocol):
    """A producer of the log's client library."""

    async def start(self) -> None:
        """Reach the brokers. Raises Unavailable, Misconfigured."""

    async def enqueue(self, records: Sequence[Outgoing], pending: list[Pending]) -> None:
        """Hand *records*, all of one topic, over in order, and note in *pending* at once what is handed over.

        Raises Unavailable, Misconfigured, BrokenProducer.
        """

    def positions(self, pending: Pending) -> Sequence[Position]:
        """Say where acknowledged records stand. Raises Unavailable where the log does not say, BrokenProducer."""

    async def stop(self, deadline: float) -> None:
        """Send what is under way, within *deadline* seconds, and end; what is then left is given up."""


class Producer:
    """A producer that is started when it is needed and replaced when it breaks."""

    def __init__(self, make: Callable[[], Sender], in_flight: InFlight, *, deadline: float, metrics: StreamMetrics) -> None:
        self._make = make
        self._deadline = deadline
        self._deadlines = Deadlines(deadline)
        self._metrics = metrics
        self._in_flight = in_flight
        self._sender: Sender | None = None
        self._broken: Sender | None = None
        self._starting: asyncio.Task[None] | None = None
        self._failure: Unavailable | Misconfigured | None = None

    async def append(self, records: Sequence[Outgoing]) -> tuple[Position, ...]:
        """Append *records* and return where they stand. Raises Unavailable, RecordTooLarge, Misconfigured."""
        if not records:
            return ()
        size = weigh(records)
        self._in_flight.admit(size)
        started = perf_counter()
        pending: list[Pending] = []
        try:
            with self._deadlines.one():
                positions = await self._deliver(records, pending)
        except TimeoutError:
            self._metrics.append_failures.inc()
            raise Unavailable("log", f"no acknowledgement within {self._deadline:g} s") from None
        except Unavailable:
            self._metrics.append_failures.inc()
            raise
        finally:
            self._release(size, pending)
        self._metrics.append_seconds.observe(perf_counter() - started)
        return positions

    async def close(self) -> None:
        """Send what is under way, within the deadline, and end."""
        await end(self._starting)
        for sender in (self._broken, self._sender):
            if sender is not None:
                await sender.stop(self._deadline)
        self._sender = self._broken = None

    async def _deliver(self, records: Sequence[Outgoing], pending: list[Pending]) -> tuple[Position, ...]:
        sender = self._sender or await self._ready()
        try:
            await sender.enqueue(records, pending)
            await _acknowledged(pending)
            return _in_order(len(records), sender, pending)
        except BrokenProducer as error:
            self._replace(sender, error)
            raise error.refusal or Unavailable("log", f"the producer broke: {error}") from error

    async def _ready(self) -> Sender:
        """Start a producer; everyone who asks while one starts waits for the same. Raises Unavailable, Misconfigured."""
        if self._starting is None or self._starting.done():
            self._failure = None
            self._starting = spawn(self._start(), "producer start")
        await asyncio.wait([self._starting])
        if self._sender is None:
            raise self._failure or Unavailable("log", "the producer did not start")
        return self._sender

    async def _start(self) -> None:
        """End the broken producer, if there is one, then start another: two at a time could change places in the log."""
        broken, self._broken = self._broken, None
        if broken is not None:
            await broken.stop(self._deadline)
        try:
            sender = self._make()
        except Misconfigured as error:
            self._failure = error
            return
        try:
            async with asyncio.timeout(START_PATIENCE):
                await sender.start()
        except (Unavailable, Misconfigured, TimeoutError) as error:
            self._failure = Unavailable("log", "no broker answers") if isinstance(error, TimeoutError) else error
            await sender.stop(0)
        else:
            self._sender = sender

    def _replace(self, sender: Sender, error: BrokenProducer) -> None:
        """Let the next append start another producer; all who saw this one break ask for the same."""
        if self._sender is not sender:
            return
        _log.warning("producer replaced", reason=str(error))
        self._metrics.rebuilds.inc()
        self._sender, self._broken = None, sender

    def _release(self, size: int, pending: Sequence[Pending]) -> None:
        """Count the bytes as delivered once the producer is done with all of them, which may be long after the deadline."""
        waiting = [each.acknowledged for each in pending if not each.acknowledged.done()]
        left = len(waiting)
        if not left:
            self._in_flight.release(size)
            return

        def done(acknowledged: asyncio.Future[Any]) -> None:
            nonlocal left
            left -= 1
            if not acknowledged.cancelled():
                acknowledged.exception()
            if not left:
                self._in_flight.release(size)

        for acknowledged in waiting:
            acknowledged.add_done_callback(done)


async def _acknowledged(pending: Sequence[Pending]) -> None:
    """Wait until all of *pending* are answered for, as asyncio.wait does at a higher price: each request of a door comes here."""
    left = len(pending)
    answered = asyncio.get_running_loop().create_future()

    def note(_: object) -> None:
        nonlocal left
        left -= 1
        if not left and not answered.done():
            answered.set_result(None)

    for each in pending:
        each.acknowledged.add_done_callback(note)
    await answered


def _in_order(count: int, sender: Sender, pending: Sequence[Pending]) -> tuple[Position, ...]:
    """Return the positions of an append's records in the order in which they were given."""
    if len(pending) == 1:
        return tuple(sender.positions(pending[0]))
    found: dict[int, Position] = {}
    failures: list[Exception] = []
    for each in pending:
        try:
            found.update(zip(each.indices, sender.positions(each), strict=True))
        except (Unavailable, BrokenProducer) as error:
            failures.append(error)
    if failures:
        raise next((error for error in failures if isinstance(error, BrokenProducer)), failures[0])
    return tuple(found[index] for index in range(count))

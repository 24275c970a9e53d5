"""The ceiling of a recorded POST: the same road without anything that Symposia does on it. `POST /100` brings 100 statements.

    python -m benchmarks.ceiling PORT BOOTSTRAP DSN

A bare ASGI application on uvicorn (uvloop, httptools) appends the body to Kafka (aiokafka, acks=all, idempotent), a task reads
it back and writes it by COPY into tables made by the gateway's own migration, in one transaction for whatever waits, and the
application answers once that has committed, told in its own process. Nothing is parsed, checked, hashed, looked up or said on:
what a statement mentions is known beforehand, so that the indexes have as many rows to take as ours, with as many keys.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
from collections import deque
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import asyncpg
import uvicorn
import uvloop
from aiokafka import TopicPartition

from benchmarks.load import shapes
from benchmarks.spikes.aiokafka_clients import consuming, producing
from services.gateway.domain.mentions import mentions
from services.gateway.recorder import binary_copy
from services.gateway.recorder.ruling import Row
from shared.clock import utc_now
from shared.contracts.topics import Topic
from shared.stream.kafka.access import Access
from shared.stream.kafka.topics import ensure
from shared.stream.settings import KafkaSettings

SCHEMA: Final = "ceiling"
TOPIC: Final = Topic("ceiling", partitions=1)
MIGRATIONS: Final = Path(__file__).resolve().parents[1] / "services/gateway/migrations"
TICK: Final = timedelta(microseconds=1)
BATCH: Final = 500


class Ceiling:
    """The application and the recorder of one process."""

    def __init__(self, producer: Any, connection: asyncpg.Connection) -> None:
        self._producer = producer
        self._connection = connection
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._applied = 0
        self._numbers: Iterator[int] = itertools.count(1)
        self._mentions = itertools.cycle([mentions(_completed(shape)) for shape in shapes()])

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a POST once its body is in a committed row."""
        body = b""
        more = scope["type"] == "http"
        while more:
            message = await receive()
            body += message["body"]
            more = message.get("more_body", False)
        position = await self._producer.send_and_wait(TOPIC.name, body, key=scope["path"][1:].encode() or b"1", partition=0)
        if position.offset >= self._applied:
            recorded = asyncio.get_running_loop().create_future()
            self._waiting.append((position.offset, recorded))
            await recorded
        headers = [(b"content-type", b"application/json"), (b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"[]"})

    async def record(self, consumer: Any) -> None:
        """Write what comes, for ever."""
        place = TopicPartition(TOPIC.name, 0)
        consumer.assign([place])
        consumer.seek(place, 0)
        while True:
            records = (await consumer.getmany(timeout_ms=500, max_records=BATCH)).get(place, [])
            if records:
                await self._write([part for record in records for part in _parts(record.value, int(record.key))])
                self._tell(records[-1].offset + 1)

    async def _write(self, values: list[bytes]) -> None:
        rows = list(self._rows(values))
        mentioned = binary_copy.mentions((row.seq, next(self._mentions)) for row in rows)
        async with self._connection.transaction():
            await self._connection.copy_records_to_table("statement", schema_name=SCHEMA, columns=Row._fields, records=rows)
            await self._connection.copy_to_table(
                "statement_mention", schema_name=SCHEMA, columns=binary_copy.MENTION, source=mentioned, format="binary"
            )

    def _rows(self, values: list[bytes]) -> Iterator[Row]:
        now = utc_now()
        for place, value in enumerate(values):
            seq, stored = next(self._numbers), now + place * TICK
            yield Row(
                seq=seq,
                stored=stored,
                timestamp=now,
                received_at=now,
                redacted_at=None,
                id=str(uuid4()),  # type: ignore[arg-type]
                voided=False,
                redacts=False,
                defines=True,
                digest=bytes(32),
                source="credential:ceiling",
                authority="account::ceiling@https://lrs.example",
                body=value,
            )

    def _tell(self, applied: int) -> None:
        self._applied = applied
        while self._waiting and self._waiting[0][0] < applied:
            self._waiting.popleft()[1].set_result(None)


def _parts(body: bytes, count: int) -> Iterator[bytes]:
    """Cut *body* into *count* pieces, as many bytes as its statements have, without reading it."""
    length = len(body) // count
    for start in range(0, length * count, length):
        yield body[start : start + length]


def _completed(shape: dict[str, Any]) -> dict[str, Any]:
    """Add the authority that the door adds: it is mentioned too."""
    return {**shape, "authority": {"account": {"homePage": "https://lrs.example", "name": "ceiling"}}}


async def serve(port: int, bootstrap: str, dsn: str) -> None:
    """Make the tables anew and serve until the process is told to end."""
    connection = await asyncpg.connect(dsn)
    await connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA}; SET search_path = {SCHEMA}")
    for migration in sorted(MIGRATIONS.glob("0*.sql")):
        await connection.execute(migration.read_text("utf-8"))
    await ensure(Access(KafkaSettings(bootstrap=bootstrap)), [TOPIC])
    async with producing(bootstrap) as producer, consuming(bootstrap) as consumer, asyncio.TaskGroup() as tasks:
        ceiling = Ceiling(producer, connection)
        recorder = tasks.create_task(ceiling.record(consumer))
        config = uvicorn.Config(
            ceiling, port=port, loop="uvloop", http="httptools", lifespan="off", access_log=False, log_level="warning"
        )
        await uvicorn.Server(config).serve()
        recorder.cancel()


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("bootstrap")
    parser.add_argument("dsn")
    told = parser.parse_args()
    uvloop.run(serve(told.port, told.bootstrap, told.dsn))


if __name__ == "__main__":
    main()

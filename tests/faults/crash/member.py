"""The process that is killed: the real services, as `open_service` wires them, on one database and one log.

By hand: `SYMPOSIA_CRASH_AT=committed:3 python -m tests.faults.crash.member URL gateway enrichment scoring` kills itself at
the third time that the first of the services named has committed. With `--count FILE` it writes how often each step was passed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from services.gateway.definitions import consuming
from services.ingest.settings import IngestSettings, WaitingSettings
from services.together import PARTS
from shared.service import run, stop_on_signals
from shared.settings import LogLevel, PostgresSettings, SecretSettings
from shared.stream.settings import ConsumerSettings, KafkaSettings, LogKind, PostgresLogSettings, StreamSettings
from shared.stream.steps import CRASH_AT, Observer, crash_at_from_environment, unobserved
from shared.telemetry import configure_logs
from tests.faults.crash.naive import NAIVE

KEY: Final = SecretSettings(key=SecretStr("c3ltcG9zaWEtdGVzdC1rZXktMzItYnl0ZXMtbG9uZyE="))
SERVICES: Final = {**PARTS, **NAIVE}
BATCH: Final = 10
"""Records that a transaction takes: few, so that there is a middle and a last passage of every step."""

HASTE: Final = 0.05
"""Seconds that the definitions rest at most: the house is to settle, not to spare its processor."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a member runs: *services*, of which the first crashes at *crash_at* (`<step>:<passage>`), if anything."""

    url: str
    services: tuple[str, ...]
    crash_at: str = ""
    kafka: str = ""
    count: str = ""
    ports: Mapping[str, int] = field(default_factory=dict)


def stream_settings(kafka: str = "", instance: str = "crash") -> StreamSettings:
    """Return small batches, and a name in the groups that a restart takes over at once."""
    return StreamSettings(
        kind=LogKind.KAFKA if kafka else LogKind.POSTGRES,
        consumer=ConsumerSettings(batch_records=BATCH, fetch_wait=0.1),
        kafka=KafkaSettings(bootstrap=kafka, instance=instance) if kafka else KafkaSettings(),
        postgres=PostgresLogSettings(instance="crash", poll=0.05),
    )


def main(order: Order) -> None:
    """Run until told to stop, or until the crash."""
    configure_logs("crash", LogLevel.ERROR)
    consuming.LONGEST_REST = HASTE  # type: ignore[misc]
    counter = _Counter(crash_at_from_environment({CRASH_AT: order.crash_at}))
    asyncio.run(_serve(order, counter))
    if order.count:
        Path(order.count).write_text(json.dumps(counter.passages), encoding="utf-8")


def read_counts(file: Path) -> dict[str, int]:
    """Read how often each step was passed."""
    counts: dict[str, int] = json.loads(file.read_bytes())
    return counts


async def _serve(order: Order, counter: Observer) -> None:
    stop = asyncio.Event()
    stop_on_signals(stop)
    async with AsyncExitStack() as stack:
        services = []
        for place, name in enumerate(order.services):
            opened = SERVICES[name].open_service(_settings(order, name), observer=unobserved if place else counter)
            services.append(await stack.enter_async_context(opened))
        await run(services, stop)


def _settings(order: Order, name: str) -> Any:
    told: dict[str, Any] = {
        "postgres": PostgresSettings(url=SecretStr(order.url)),
        "secrets": KEY,
        "stream": stream_settings(order.kafka),
        "http": {"port": order.ports.get(name, 0)},
    }
    if name == "ingest":
        told["ingest"] = IngestSettings(waiting=WaitingSettings(grace=3600))
    return SERVICES[name].settings(**told)


class _Counter:
    """Count the passages of each step before *then* hears of them."""

    def __init__(self, then: Observer) -> None:
        self.passages: Counter[str] = Counter()
        self._then = then

    async def __call__(self, step: StrEnum) -> None:
        self.passages[step.value] += 1
        await self._then(step)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("services", nargs="+", choices=tuple(SERVICES))
    parser.add_argument("--kafka", default="")
    parser.add_argument("--count", default="")
    told = parser.parse_args()
    main(Order(told.url, tuple(told.services), os.environ.get(CRASH_AT, ""), told.kafka, told.count))

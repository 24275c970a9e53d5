"""A forwarder over a real record."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from services.gateway.domain.selection import Selection
from services.gateway.forwarding.forwarder import Forwarder, Pace
from services.gateway.forwarding.metrics import ForwardingMetrics
from services.gateway.forwarding.target import Basic, ForwardingVault, NewTarget, State, TargetName, TargetStanding
from services.gateway.forwarding.targets import Targets
from shared.clock import utc_now
from shared.postgres import Database
from shared.settings import PostgresSettings, SecretSettings
from shared.xapi.model import Version
from tests.support.gateway import MASTER_KEY
from tests.support.lrs import Lrs
from tests.support.received import id_of, request, statement
from tests.support.scripted import ScriptedLrs

OTHER = TargetName("other")
IDS = [id_of(number) for number in range(120)]
SECRETS = SecretSettings(key=SecretStr(MASTER_KEY))
VAULT = ForwardingVault.of(SECRETS)
QUICK = Pace(look=0.05, request=1.0, first_pause=0.05, longest_pause=0.2)


def target(url: str, name: str = "other", **changes: Any) -> NewTarget:
    """Return a target in this machine."""
    fields: dict[str, Any] = {
        "version": Version.V1_0_3, "authentication": Basic("key", "secret"), "selection": Selection(), "private_network": True,
    }  # fmt: skip
    return NewTarget(TargetName(name), url, **{**fields, **changes})


@asynccontextmanager
async def forwarding(settings: PostgresSettings, pace: Pace = QUICK) -> AsyncIterator[CollectorRegistry]:
    """Run a forwarder, as one process among others, until the end of the block."""
    registry, stop = CollectorRegistry(), asyncio.Event()
    database = await Database.open(settings, schema="lrs", application="forwarder")
    forwarder = Forwarder(database, VAULT, utc_now, ForwardingMetrics(registry), pace)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(forwarder.run(stop))
            try:
                yield registry
            finally:
                stop.set()
    finally:
        await database.close()


async def standing(targets: Targets, name: str = "other") -> TargetStanding:
    """Return how one target stands."""
    return next(each for each in await targets.standings() if each.name == name)


async def until_settled(targets: Targets, name: str = "other") -> TargetStanding:
    """Wait until nothing waits for a target."""
    async with asyncio.timeout(15):
        while (now := await standing(targets, name)).lag or now.waiting:  # noqa: ASYNC110  what is awaited is in PostgreSQL
            await asyncio.sleep(0.02)
    return now


async def record(lrs: Lrs, *numbers: int, **changes: Any) -> None:
    await lrs.take(request(*(statement(number) for number in numbers), **changes))


async def add(targets: Targets, other: ScriptedLrs, **changes: Any) -> None:
    await targets.add(target(other.url, **changes), utc_now())


async def asked(other: ScriptedLrs) -> bool:
    return bool(other.requests)


async def failed(targets: Targets, times: int) -> bool:
    return (await standing(targets)).failures >= times


async def stands(targets: Targets, state: State) -> bool:
    return (await standing(targets)).state is state

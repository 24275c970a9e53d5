"""A target over which we meet a bug of our own harms nobody: others get what is theirs, and it is tried again."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from services.gateway.forwarding.target import Basic, TargetStanding
from services.gateway.forwarding.targets import Targets
from shared.clock import utc_now
from shared.postgres import Query
from shared.settings import PostgresSettings
from tests.support.forwarding import IDS, OTHER, VAULT, add, failed, forwarding, record, standing, target, until_settled
from tests.support.gateway import eventually
from tests.support.lrs import Lrs
from tests.support.scripted import ScriptedLrs, scripted_lrs

SEAL = Query("UPDATE forwarding_target SET sealed_authentication = $2 WHERE name = $1")
OF_A_LATER_VERSION = b'{"type": "of-a-later-version"}'
SPOIL = Query("UPDATE statement SET body = convert_to($2, 'UTF8') WHERE id = $1")


async def test_a_target_that_we_cannot_read_is_tried_again_while_others_get_theirs(
    lrs: Lrs, targets: Targets, other: ScriptedLrs, postgres_settings: PostgresSettings
) -> None:
    async with scripted_lrs() as healthy, forwarding(postgres_settings) as registry:
        await add(targets, other)
        await lrs.database.execute(SEAL, OTHER, VAULT.seal(OF_A_LATER_VERSION, OTHER))
        await targets.add(target(healthy.url, "healthy"), utc_now())
        await record(lrs, 0, 1)
        await until_settled(targets, "healthy")
        await eventually(lambda: failed(targets, 3))
        failing = await standing(targets)
        await record(lrs, 2)
        await until_settled(targets, "healthy")
        counted = failures_of(registry)
        await lrs.database.execute(SEAL, OTHER, VAULT.seal_for(OTHER, Basic("key", "secret")))
        mended = await until_settled(targets)

    assert list(healthy.statements) == IDS[:3]
    assert list(other.statements) == IDS[:3]
    assert counted >= 3
    assert tells_where(failing, "ValidationError", "services.gateway.forwarding.target")
    assert (mended.failures, mended.last_failure, mended.letters) == (0, None, 0)


async def test_a_statement_that_we_cannot_read_holds_up_only_those_who_are_to_get_it_next(
    lrs: Lrs, targets: Targets, other: ScriptedLrs, postgres_settings: PostgresSettings
) -> None:
    async with scripted_lrs() as healthy:
        await add(targets, other)
        await targets.add(target(healthy.url, "healthy"), utc_now())
        await record(lrs, 0, 1, 2)
        sound = await lrs.database.fetchval(Query("SELECT convert_from(body, 'UTF8') FROM statement WHERE id = $1"), IDS[1])
        await lrs.database.execute(SPOIL, IDS[1], sound.replace('"actor"', '"attachments": 7, "actor"'))
        await lrs.database.execute(Query("UPDATE forwarding_target SET cursor = 2 WHERE name = 'healthy'"))
        async with forwarding(postgres_settings):
            await until_settled(targets, "healthy")
            await eventually(lambda: failed(targets, 3))
            failing = await standing(targets)
            await lrs.database.execute(SPOIL, IDS[1], sound)
            mended = await until_settled(targets)

    assert IDS[2] in healthy.statements
    assert list(other.statements) == IDS[:3]
    assert tells_where(failing, "ValidationError", "services.gateway.attachments.declarations")
    assert mended.failures == 0


def failures_of(registry: CollectorRegistry) -> float:
    return registry.get_sample_value("symposia_forwarding_failures_total", {"target": OTHER}) or 0.0


def tells_where(failing: TargetStanding, kind: str, module: str) -> bool:
    """Say whether an operator is told what kind of error it was, and where."""
    return (failing.last_failure or "").startswith(f"made us meet an error of our own: {kind} at {module}:")

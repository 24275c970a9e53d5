"""Try a target without storing anything there."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

import orjson

from services.gateway.forwarding.answers import Answer, TargetAway
from services.gateway.forwarding.lrs import open_lrs
from services.gateway.forwarding.packing import Parcel
from services.gateway.forwarding.target import BadTarget, ForwardingVault, Target
from shared.clock import Clock

SECONDS: Final = 15.0
NO_STATEMENT: Final = Parcel("application/json", b"{}")
"""What an LRS that takes our key refuses as a bad statement, and one that does not, as a bad key."""


async def try_target(target: Target, vault: ForwardingVault, clock: Clock) -> list[str]:
    """Return what the target said, line by line. Raises BadTarget where it would take nothing from us, Sealed without its key."""
    async with open_lrs(target, vault.open_for(target.name, target.sealed), clock, SECONDS) as lrs:
        try:
            versions = _versions(await lrs.about())
            written = await lrs.send("POST", NO_STATEMENT)
        except TargetAway as away:
            raise BadTarget(f"{target.endpoint}: {away.reason}") from away
    if written.status != HTTPStatus.BAD_REQUEST:
        raise BadTarget(f"{target.endpoint} does not let us write statements: {written.said}")
    if target.version not in versions:
        raise BadTarget(f"{target.endpoint} speaks xAPI {', '.join(versions)}, and not {target.version}")
    return [f"{target.endpoint} speaks xAPI {', '.join(versions)}.", "It takes statements from our key; none was sent."]


def _versions(answer: Answer) -> list[str]:
    """Return the versions that the about resource names (1.0.3 Communication §2.8). Raises TargetAway for any other answer."""
    try:
        versions = orjson.loads(answer.body)["version"]
    except (orjson.JSONDecodeError, TypeError, KeyError, IndexError):
        versions = None
    if answer.status != HTTPStatus.OK or not isinstance(versions, list):
        raise TargetAway(f"{answer.status} instead of what an LRS says about itself: is this the address before /statements?")
    return [str(version) for version in versions]

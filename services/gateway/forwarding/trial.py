"""Try a target without storing anything there."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

import orjson

from services.gateway.forwarding.answers import Answer, TargetAway
from services.gateway.forwarding.lrs import open_lrs
from services.gateway.forwarding.packing import Parcel
from services.gateway.forwarding.target import BadTarget, ForwardingVault, Target
from shared.clock import Clock
from shared.media_types import JSON_TYPE

SECONDS: Final = 15.0
NO_STATEMENT: Final = Parcel(JSON_TYPE, b"{}")
"""A POST that no LRS stores: if it takes our key, it refuses the statement, and otherwise the key."""


_REFUSALS: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})
"""How an LRS refuses what is not a statement: xAPI says 400; those built with FastAPI, such as Ralph, answer 422."""


async def try_target(target: Target, vault: ForwardingVault, clock: Clock) -> list[str]:
    """Return the findings, a sentence each. Raises BadTarget where *target* would take nothing from us, and Sealed."""
    async with open_lrs(target, vault.open_for(target.name, target.sealed), clock, SECONDS) as lrs:
        try:
            about, written = await lrs.about(), await lrs.send("POST", NO_STATEMENT)
        except TargetAway as away:
            raise BadTarget(f"{target.endpoint}: {away.reason}") from away
    if written.status not in _REFUSALS and about.status == HTTPStatus.OK:
        raise BadTarget(f"{target.endpoint} does not let us write statements: {written.said}")
    return [_speaks(target, _versions(target, about, written)), "It takes statements from our key; none was sent."]


def _speaks(target: Target, versions: Sequence[str] | None) -> str:
    """Say which versions of xAPI the target speaks. Raises BadTarget where ours is none of them."""
    if versions is None:
        return f"{target.endpoint} does not say which versions of xAPI it speaks."
    if target.version not in versions:
        raise BadTarget(f"{target.endpoint} speaks xAPI {', '.join(versions)}, and not {target.version}")
    return f"{target.endpoint} speaks xAPI {', '.join(versions)}."


def _versions(target: Target, about: Answer, written: Answer) -> list[str] | None:
    """Return the versions that the about resource names (1.0.3 Communication §2.8); None where an LRS (Ralph) has none.

    Raises BadTarget for any other answer.
    """
    if about.status == HTTPStatus.NOT_FOUND and written.status in _REFUSALS:
        return None
    try:
        versions = orjson.loads(about.body)["version"]
    except (orjson.JSONDecodeError, TypeError, KeyError, IndexError):
        versions = None
    if about.status != HTTPStatus.OK or not isinstance(versions, list):
        raise BadTarget(
            f"{target.endpoint}: {about.status} instead of what an LRS says about itself: is this the address before /statements?"
        )
    return [str(version) for version in versions]

"""The LRSs that we forward to: those that take nothing, and those that were paused since they refused all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from services.counting import counted
from services.doctor.finding import Finding, Findings, well, worrying, wrong
from services.doctor.sources import OFTEN
from services.gateway.app import SCHEMA
from services.gateway.forwarding.store import standings
from services.gateway.forwarding.target import State, TargetStanding
from services.gateway.forwarding.targets import NOBODY
from services.installation import Installation
from services.tables import open_tables

ABOUT: Final = "Forwarding"


async def look_at_targets(installation: Installation) -> Findings:
    """Look at each LRS that we forward to."""
    async with open_tables(installation, SCHEMA, "doctor") as database:
        stand = await standings(database, NOBODY)
    nothing_wrong = well(ABOUT, f"to {counted(len(stand), 'LRS', 'LRSs')}, and none refuses us")
    for finding in [*_failing(stand), *_flooded(stand)] or [nothing_wrong]:
        yield finding


def _failing(stand: Iterable[TargetStanding]) -> Iterator[Finding]:
    for each in stand:
        if each.state is State.RUNNING and each.failures >= OFTEN:
            words = f"{each.name} accepted nothing {each.failures} times in a row: {each.last_failure}"
            yield wrong(
                ABOUT, words, "Fix what it says, and check with `symposia forwarding test`; sending is retried by itself."
            )


def _flooded(stand: Iterable[TargetStanding]) -> Iterator[Finding]:
    for each in stand:
        if each.state is State.PAUSED and each.last_failure:
            words = f"{each.name} is paused: {each.last_failure}"
            yield worrying(ABOUT, words, f"Fix what it says, then `symposia forwarding resume {each.name}`.")

"""The platforms that are heard: secrets that open, deliveries that are taken, polls and lookups that go well."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from services.counting import counted
from services.doctor.database import QUERIES
from services.doctor.finding import Finding, Findings, well, worrying, wrong
from services.ingest.connectors.registry import HOOKS
from services.ingest.domain.source import Source, SourceId, State
from services.ingest.sources import open_sources
from services.ingest.standing import SourceStanding, standings
from services.installation import Installation
from services.tables import open_tables

ABOUT: Final = "Sources"
SILENT: Final = timedelta(days=1)
QUIET: Final = timedelta(days=7)
OFTEN: Final = 3
"""Failures in a row of a poll that are no accident any more."""
FOR_AN_HOUR: Final = 10
"""Failures in a row of one thing that was named by id, by when it has waited for more than an hour."""


async def look_at_sources(installation: Installation, now: datetime) -> Findings:
    """Look at each source, and at what waits."""
    async with open_tables(installation, "ingest", "doctor") as database:
        stand = await standings(database, now)
        overdue = await database.fetchval(QUERIES["overdue"], now)
    async with open_sources(installation.postgres, installation.secrets) as opened:
        sources = await opened.load()
    active = [each for each in stand if each.state is State.ACTIVE]
    delivering = [each for each in active if each.source in sources and sources[each.source].platform in HOOKS]
    found = [*_sealed(sources.values()), *_refused(active), *_silent(delivering, now), *_asked(active), *_overdue(overdue)]
    for finding in found or [well(ABOUT, f"{len(stand)}, and each was heard or is new")]:
        yield finding


def _sealed(sources: Iterable[Source]) -> Iterator[Finding]:
    if sealed := [source.id for source in sources if not source.secrets]:
        words = f"the secrets of {', '.join(sealed)} cannot be opened with this master key"
        yield wrong(ABOUT, words, "Restore the key, or give them new secrets: `symposia source rotate`.")


def _refused(stand: Iterable[SourceStanding]) -> Iterator[Finding]:
    """Find sources of which a day's deliveries were refused without exception."""
    for each in stand:
        if each.refused and not each.events_day:
            reasons = ", ".join(f"{number} {reason}" for reason, number in each.refused.items())
            words = f"every delivery of {each.source} was refused since yesterday: {reasons}"
            yield wrong(ABOUT, words, "Give both sides the same secret: `symposia source rotate`; then `symposia source test`.")


def _silent(stand: Iterable[SourceStanding], now: datetime) -> Iterator[Finding]:
    never: list[SourceId] = []
    for each in stand:
        if each.last_event_at is None:
            never += [each.source] if now - each.created_at > SILENT else []
        elif now - each.last_event_at > QUIET:
            days = (now - each.last_event_at).days
            remedy = "Is it really that quiet there? Platforms disable webhooks that failed too often: check on the platform."
            yield worrying(ABOUT, f"nothing was heard from {each.source} for {days} days", remedy)
    if never:
        words = f"nothing was ever heard from {', '.join(never)}"
        yield worrying(ABOUT, words, "`symposia source test` tries its door; then look at the platform's side.")


def _asked(stand: Iterable[SourceStanding]) -> Iterator[Finding]:
    for each in stand:
        if each.failures >= OFTEN:
            words = f"polling {each.source} failed {each.failures} times in a row: {each.last_failure}"
            remedy = "Fix what it says, with `symposia source token` or `symposia source options`; polling is retried by itself."
            yield wrong(ABOUT, words, remedy)
        if each.lookup_failures >= FOR_AN_HOUR:
            words = f"{each.source} named something and failed to deliver it {each.lookup_failures} times: {each.last_failure}"
            remedy = f"Fix what it says; it is retried by itself, or at once with `symposia source retry {each.source}`."
            yield worrying(ABOUT, words, remedy)
        if each.given_up:
            named = counted(each.given_up, f"thing that {each.source} named was", f"things that {each.source} named were")
            words = f"{named} never delivered: {each.last_failure}"
            yield worrying(ABOUT, words, f"Fix what it says, then `symposia source retry {each.source}`.")


def _overdue(number: int) -> Iterator[Finding]:
    if number:
        remedy = "Ingest tells them while it runs: start it, or look into its log."
        yield wrong(ABOUT, counted(number, "interaction is overdue", "interactions are overdue"), remedy)

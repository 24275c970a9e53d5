"""PostgreSQL: reachable, a primary, migrated, with its roles and the right time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from services.doctor.finding import Finding, Findings, safely, well, worrying, wrong
from services.gateway.app import SCHEMA, open_keychain
from services.gateway.credentials.recognising import STRANGE, is_recognised
from services.installation import Installation
from services.scoring.app import SCHEMA as IMPACT
from services.scoring.rules import hindrance
from services.tables import open_tables
from services.targets import TARGETS
from shared.clock import Clock
from shared.postgres import Database, load_queries
from shared.postgres.roles import role

if TYPE_CHECKING:
    from asyncpg import Record

QUERIES: Final = load_queries(__package__, "doctor.sql")
OLDEST: Final = 15
CROWDED: Final = 0.9
SKEWED, FAR_OFF = 2.0, 60.0
"""Seconds by which our clock and PostgreSQL's may differ; Slack's signatures are refused after 300."""


async def look_at_database(installation: Installation, clock: Clock) -> Findings:
    """Look at the server, then at each schema."""
    async for finding in safely("PostgreSQL", lambda: _server(installation, clock)):
        yield finding
    for target in TARGETS:
        async for finding in safely(f"Tables of {target.schema}", partial(_schema, installation, target.schema)):
            yield finding
    async for finding in safely("Master key", partial(_master_key, installation)):
        yield finding
    async for finding in safely("Rules of impact", partial(_rules, installation)):
        yield finding
    async for finding in safely("Erasures", partial(_erasures, installation)):
        yield finding


async def _server(installation: Installation, clock: Clock) -> Findings:
    database = await Database.open(installation.postgres, schema="public", application="doctor")
    try:
        before = clock()
        row = await database.fetchrow(QUERIES["server"])
        after = clock()
        schemas = [target.schema for target in TARGETS]
        roles = await database.fetch(QUERIES["roles"], [role(schema) for schema in schemas], schemas)
    finally:
        await database.close()
    assert row is not None  # noqa: S101  a SELECT without FROM has one row
    yield _kind(row, embedded=installation.embedded)
    yield _durability(row["switched_off"])
    yield _crowd(row)
    yield _clocks(row["now"], before, after)
    yield _roles(roles)


def _kind(row: Record, *, embedded: bool) -> Finding:
    said = f"PostgreSQL {row['version']}{', embedded' if embedded else ''}"
    if row["reads_only"]:
        return wrong("PostgreSQL", f"{said} takes no writes", "Point DATABASE_URL at the primary.")
    if row["major"] < OLDEST:
        return wrong("PostgreSQL", f"{said} is too old", f"Move to PostgreSQL {OLDEST} or newer.")
    return well("PostgreSQL", f"{said} takes writes")


def _durability(switched_off: Sequence[str]) -> Finding:
    """Say whether what was committed, and so acknowledged, survives a crash of the server."""
    if switched_off:
        said = f"{', '.join(switched_off)} off: acknowledged data is lost when the server, or its machine, crashes"
        return wrong("Durability", said, "Turn it on, for the server, the database and our login.")
    return well("Durability", "what is committed survives a crash")


def _crowd(row: Record) -> Finding:
    said = f"{row['connections']} of {row['most_connections']} are open"
    if row["connections"] >= CROWDED * row["most_connections"]:
        return worrying("Connections", said, "Lower SYMPOSIA_POSTGRES__POOL_SIZE, or raise max_connections.")
    return well("Connections", said)


def _clocks(theirs: datetime, before: datetime, after: datetime) -> Finding:
    """Compare the clocks; the time that asking took is no difference."""
    ours = min(max(theirs, before), after)
    skew = abs((theirs - ours).total_seconds())
    if skew < SKEWED:
        return well("Clocks", "ours and PostgreSQL's agree")
    said = f"ours and PostgreSQL's differ by {skew:.0f} s"
    remedy = "Let NTP set the clocks of both machines: signatures and expiry times depend on them."
    return wrong("Clocks", said, remedy) if skew >= FAR_OFF else worrying("Clocks", said, remedy)


def _roles(rows: Sequence[Record]) -> Finding:
    if all(row["owned"] for row in rows):
        return well("Roles", "this login owns every schema, and needs none")
    missing = [row["name"] for row in rows if not row["there"]]
    others = [row["name"] for row in rows if row["there"] and not (row["ours"] or row["owned"])]
    if missing:
        return worrying(
            "Roles", f"there is no {', '.join(missing)}", "`symposia migrate --print-roles` prints what an administrator runs."
        )
    if others:
        return worrying("Roles", f"this login is not a member of {', '.join(others)}", "Grant it the roles that it works as.")
    return well("Roles", f"{len(rows)}, one for each schema")


async def _master_key(installation: Installation) -> Findings:
    """Look whether the master key is the one that credentials and sources were made with."""
    async with open_tables(installation, SCHEMA, "doctor") as database:
        if await is_recognised(database, open_keychain(installation.secrets)):
            yield well("Master key", "the one that this installation was made with")
        else:
            words, _, remedy = STRANGE.partition(": ")
            yield wrong("Master key", f"{words[0].lower()}{words[1:]}", f"{remedy[0].upper()}{remedy[1:]}")


async def _rules(installation: Installation) -> Findings:
    """Look whether impact was made by the rules of this version."""
    async with open_tables(installation, IMPACT, "doctor") as database:
        reason = await hindrance(database)
    if reason:
        remedy = "`symposia replay --rebuild` makes them again; until then nothing new is scored."
        yield wrong("Rules of impact", f"{reason[0].lower()}{reason[1:]}", remedy)
    else:
        yield well("Rules of impact", "those of this version")


async def _erasures(installation: Installation) -> Findings:
    """Look for people of whom something may be left."""
    async with open_tables(installation, SCHEMA, "doctor") as database:
        left = await database.fetchval(QUERIES["unfinished_erasures"])
    if left:
        remedy = "Run `symposia person erase` again for the people in your tickets: it continues where it stopped."
        yield wrong("Erasures", f"{left} began more than an hour ago and did not finish", remedy)
    else:
        yield well("Erasures", "none is half done")


async def _schema(installation: Installation, schema: str) -> Findings:
    async with open_tables(installation, schema, "doctor"):
        yield well(f"Tables of {schema}", "at this version")

"""Forward-only migrations: each file once, in one transaction, by one process at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import asyncpg
from asyncpg.connect_utils import SessionAttribute
from asyncpg.pool import PoolConnectionProxy

from shared.errors import Misconfigured, Unavailable
from shared.postgres.identifiers import quoted
from shared.postgres.migration_files import Migration, expected_versions, grants, migrations
from shared.postgres.outage import connecting_failed, forbidden, is_outage, unavailable
from shared.postgres.roles import ensure_role, print_roles, privileges
from shared.postgres.session import STEADY, begin_session, startup
from shared.settings import Pooler

__all__ = ["Target", "check_versions", "expected_versions", "migrate", "print_roles"]

_LOCK: Final = 0x53_594D_504F_5349  # "SYMPOSI"
_QUEUE_TIMEOUT: Final = "300s"  # another migration is under way
_LOCK_TIMEOUT: Final = "5s"  # traffic that waits behind our ALTER TABLE waits no longer than this
_ATTEMPTS: Final = 5
_PAUSE: Final = 2.0
_SESSION: Final = {**STEADY, "application_name": "symposia-migrate", "lock_timeout": _QUEUE_TIMEOUT}
_CREATE_TABLE = """
CREATE TABLE IF NOT EXISTS migration (
    package text NOT NULL,
    number integer NOT NULL,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (package, number)
)
"""
_APPLIED = "SELECT number, name, checksum FROM migration WHERE package = $1"
_RECORD = "INSERT INTO migration (package, number, name, checksum) VALUES ($1, $2, $3, $4)"
_LAST = "SELECT package, max(number) AS number FROM {schema}.migration GROUP BY package"


@dataclass(frozen=True, slots=True)
class Target:
    """A schema, and the packages whose migrations make it, in the order in which they are applied."""

    schema: str
    packages: tuple[str, ...]


async def migrate(dsn: str, targets: Sequence[Target], pooler: Pooler = Pooler.NONE) -> list[str]:
    """Apply the migrations that the database at *dsn* lacks; return the files applied, as `schema: package/file`.

    The files name tables without a schema: the search path is the target's schema, then `public`. Schemas are created, and, where
    that is permitted, roles `symposia_<schema>`. Of several runs at a time, each waits for the one before.
    Raises Misconfigured for a changed or missing file, for SQL that fails and for what the login may not do; raises Unavailable.
    """
    applied: list[str] = []
    async with _connected(dsn, pooler) as connection:
        roles_exist = True
        for target in targets:
            applied += [f"{target.schema}: {migration}" for migration in await _reach(connection, target)]
            roles_exist &= await _grant_role(connection, target.schema)
        if roles_exist:
            for target in targets:
                await _grant_others(connection, target)
    return applied


async def check_versions(connection: PoolConnectionProxy, schema: str, packages: Sequence[str]) -> None:
    """Raise Unavailable unless *schema* has at least the migrations that the code expects; a newer schema serves older code."""
    if not packages:
        return
    try:
        rows = await connection.fetch(_LAST.format(schema=quoted(schema)))
    except asyncpg.UndefinedTableError as error:
        raise Unavailable("postgres", f"the schema {schema} has not been migrated") from error
    reached = {row["package"]: row["number"] for row in rows}
    for package, number in expected_versions(packages).items():
        if reached.get(package, 0) < number:
            raise Unavailable("postgres", f"{package} is at {reached.get(package, 0)}, not at {number}: run `symposia migrate`")


@asynccontextmanager
async def _connected(dsn: str, pooler: Pooler) -> AsyncIterator[asyncpg.Connection]:
    """Connect to a primary and hold the lock that all migrations share."""
    try:
        connection = await asyncpg.connect(
            dsn,
            target_session_attrs=SessionAttribute.read_write,
            server_settings=startup(_SESSION, pooler),
        )
    except Exception as error:
        failure = connecting_failed(error, dsn)
        if failure is None:
            raise
        raise failure from error
    try:
        await begin_session(connection, _SESSION, pooler)
        await _check_encoding(connection)
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        yield connection
    except Exception as error:
        if refusal := forbidden(error):
            raise refusal from error
        if not is_outage(error, closed=connection.is_closed()):
            raise
        raise unavailable(error) from error
    finally:
        await connection.close(timeout=5)


async def _check_encoding(connection: asyncpg.Connection) -> None:
    """Raise Misconfigured unless the encoding holds every character: one that it cannot hold would stop a service later."""
    encoding = await connection.fetchval("SHOW server_encoding")
    if encoding != "UTF8":
        raise Misconfigured(
            f"The database is encoded in {encoding}, which cannot hold everything that people write: create one with "
            "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0."
        )


async def _reach(connection: asyncpg.Connection, target: Target) -> list[Migration]:
    """Apply what *target* lacks."""
    await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(target.schema)}")
    await connection.execute(f"SET search_path = {quoted(target.schema)}, public")
    await connection.execute(_CREATE_TABLE)
    applied: list[Migration] = []
    for package in target.packages:
        for migration in await _missing(connection, package):
            await _patiently(connection, migration)
            applied.append(migration)
    return applied


async def _missing(connection: asyncpg.Connection, package: str) -> list[Migration]:
    """Return the migrations of *package* that are not applied yet. Raises Misconfigured where an applied one was changed."""
    known = {row["number"]: row for row in await connection.fetch(_APPLIED, package)}
    missing: list[Migration] = []
    for migration in migrations(package):
        row = known.get(migration.number)
        if row is None:
            missing.append(migration)
        elif (row["name"], row["checksum"]) != (migration.name, migration.checksum):
            raise Misconfigured(
                f"{migration} was changed after it had been applied (as {row['name']}). Migrations only go forward: "
                "restore the file, and put the change into a new one."
            )
    return missing


async def _patiently(connection: asyncpg.Connection, migration: Migration) -> None:
    """Apply *migration*, trying again if it does not get a lock soon: waiting longer for it would hold up traffic."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            await _apply(connection, migration)
        except asyncpg.LockNotAvailableError:
            if attempt == _ATTEMPTS:
                raise
            await asyncio.sleep(_PAUSE)
        else:
            return


async def _apply(connection: asyncpg.Connection, migration: Migration) -> None:
    try:
        async with connection.transaction():
            await connection.execute(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'")
            await connection.execute(migration.sql)
            await connection.execute(_RECORD, migration.package, migration.number, migration.name, migration.checksum)
    except asyncpg.PostgresError as error:
        if is_outage(error, closed=connection.is_closed()):
            raise
        raise Misconfigured(f"{migration} failed{_place(migration.sql, error)}: {error}") from error


def _place(sql: str, error: asyncpg.PostgresError) -> str:
    """Name the line of *sql* in which PostgreSQL found the error, if it says where."""
    position = getattr(error, "position", None)
    return f" in line {sql.count(chr(10), 0, int(position) - 1) + 1}" if position else ""


async def _grant_role(connection: asyncpg.Connection, schema: str) -> bool:
    """Grant the schema's role what it needs; return whether there is such a role."""
    if not await ensure_role(connection, schema):
        return False
    await connection.execute(privileges(schema))
    return True


async def _grant_others(connection: asyncpg.Connection, target: Target) -> None:
    """Grant other roles what the packages of *target* let them read."""
    await connection.execute(f"SET search_path = {quoted(target.schema)}, public")
    for package in target.packages:
        if sql := grants(package):
            async with connection.transaction():
                await connection.execute(sql)

"""Begin every session with PostgreSQL with the same settings, whatever the defaults of server, database, role and pooler."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, assert_never

from shared.errors import Misconfigured
from shared.postgres.identifiers import quoted
from shared.postgres.outage import POOLERS
from shared.settings import Pooler

if TYPE_CHECKING:
    import asyncpg
    from asyncpg.pool import PoolConnectionProxy

    from shared.settings import PostgresSettings

STEADY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "default_transaction_isolation": "read committed",  # what is read under a lock is read after it was taken
        "standard_conforming_strings": "on",  # a backslash in our SQL is a backslash
        "timezone": "UTC",
        "statement_timeout": "0",  # we cancel what takes longer than command_timeout; migrations take their time
        "idle_session_timeout": "0",  # pools keep their connections, and a listener is silent
    }
)
"""Settings of all sessions. A default of read-only is left alone: an administrator sets it when a disk is full."""

_NAME: Final = "application_name"
_MARK: Final = "symposia.begun"
_BEGUN: Final = "SELECT current_setting($1, true)"
_SET: Final = "SELECT set_config(name, value, false) FROM unnest($1::text[], $2::text[]) AS asked (name, value)"
_LOST: Final = """
WITH begun AS MATERIALIZED (
    SELECT name, value, current_setting(name) AS found FROM unnest($1::text[], $2::text[]) AS asked (name, value)
)
SELECT name FROM begun WHERE translate(set_config(name, value, true), '"', '') <> translate(found, '"', '')
"""


def pooled(settings: PostgresSettings, schema: str, application: str) -> dict[str, str]:
    """Return the settings of a pool's sessions. Raises ValueError for a schema that is not a plain identifier."""
    return {
        **STEADY,
        _NAME: f"symposia-{application}",
        "search_path": f"{quoted(schema)}, public",
        "lock_timeout": _milliseconds(settings.lock_timeout),
        "idle_in_transaction_session_timeout": _milliseconds(settings.idle_in_transaction_timeout),
    }


def startup(asked: Mapping[str, str], pooler: Pooler) -> dict[str, str]:
    """Return those of the settings *asked* that are sent as a connection opens; a pooler refuses those that it does not know."""
    return dict(asked) if pooler is Pooler.NONE else {_NAME: asked[_NAME]}


async def begin_session(connection: asyncpg.Connection | PoolConnectionProxy, asked: Mapping[str, str], pooler: Pooler) -> None:
    """Make sure that the session has the settings *asked*. Raises Misconfigured where a pooler prevents it."""
    match pooler:
        case Pooler.NONE:
            await _check(connection, asked)
        case Pooler.SESSIONS:
            await _set(connection, asked)
        case _:
            assert_never(pooler)


async def _check(connection: asyncpg.Connection | PoolConnectionProxy, asked: Mapping[str, str]) -> None:
    """Check that no setting was lost. Setting it again here would be wrong: a transaction pooler would give it to others."""
    wanted = {name: value for name, value in asked.items() if name != _NAME}
    rows = await connection.fetch(_LOST, [*wanted], [*wanted.values()])
    if rows:
        lost = ", ".join(row["name"] for row in rows)
        raise Misconfigured(f"A pooler in front of PostgreSQL drops the settings of our sessions: {lost}. {POOLERS}")


async def _set(connection: asyncpg.Connection | PoolConnectionProxy, asked: Mapping[str, str]) -> None:
    """Set what is *asked*, and a mark that shows if a pooler shares the session or hands out one that was used before."""
    if await connection.fetchval(_BEGUN, _MARK):
        raise Misconfigured(f"The pooler in front of PostgreSQL gave us a session that somebody else had used. {POOLERS}")
    wanted = {**asked, _MARK: "yes"}
    await connection.execute(_SET, [*wanted], [*wanted.values()])


def _milliseconds(seconds: float) -> str:
    return str(max(1, round(seconds * 1000)))

"""PostgreSQL on the stage: connections that are held before every statement, a clock of its own, and tables quickly emptied."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import asyncpg

from services.gateway.recorder import clock as recorder_clock
from services.gateway.recorder import store as recorder_store
from shared.postgres import Database, Query, load_queries
from tests.faults.simulation.stage import CURRENT, Actor, Crash, Order
from tests.support.postgres import settings_for

PACKAGES: Final = (
    ("shared.stream", "queries.sql"),
    ("services.gateway.recorder", "queries.sql"),
    ("services.gateway.statements", "queries.sql"),
    ("services.gateway.statements", "progress.sql"),
    ("services.enrichment", "queries.sql"),
    ("services.enrichment", "wordings.sql"),
    ("services.enrichment.imports", "queries.sql"),
    ("services.scoring", "queries.sql"),
)
NAMES: Final = {query: name for package, file in PACKAGES for name, query in load_queries(package, file).items()}
SLOTS: Final = {
    **{f"recorder-{number}": "lrs" for number in range(2)},
    **dict.fromkeys(("door", "poller"), "lrs"),
    **{f"enrichment-{number}": "records" for number in range(2)},
    **dict.fromkeys(("importer", "relinker", "drainer"), "records"),
    **{f"scoring-{number}": "impact" for number in range(2)},
}
"""Each process of the house, and the schema of its pool."""
KEPT: Final = ("alias", "learner", "enrolment")
EMPTIED: Final = {
    "lrs": ("statement_mention", "statement_reference", "redaction", "statement", "consumer_offset", "outbox", "dead_letter"),
    "records": (
        "relink", "wording_band", "wording", "interaction_anchor", "interaction", "alias", "enrolment", "learner",
        "consumer_offset", "outbox", "dead_letter",
    ),
    "impact": (
        "fact", "cell", "receipt", "artefact", "statement_revision", "learner_change", "objection",
        "consumer_offset", "outbox", "dead_letter",
    ),
}  # fmt: skip
WAITING: Final = Query("SELECT pid FROM pg_locks WHERE NOT granted")
SETTLED: Final = """
SELECT json_object_agg(what, number) FROM (
    SELECT 'outbox' AS what, (SELECT count(*) FROM lrs.outbox) + (SELECT count(*) FROM records.outbox)
        + (SELECT count(*) FROM impact.outbox) AS number
    UNION ALL SELECT 'relink', count(*) FROM records.relink
    UNION ALL SELECT place.group_name || ' ' || place.topic || ' ' || place.partition, place.next_offset FROM (
        SELECT * FROM lrs.consumer_offset UNION ALL SELECT * FROM records.consumer_offset
        UNION ALL SELECT * FROM impact.consumer_offset
    ) AS place
) AS standing
"""
SET_BACK: Final = "SELECT setval('simulation.tick', greatest(last_value - 40, 1)) FROM simulation.tick"


class HeldConnection(asyncpg.Connection):
    """A connection that waits for the director before each statement of an actor, and may fail there."""

    async def execute(self, query: str, *args: Any, **options: Any) -> Any:
        return await _held(self, query, lambda: super(HeldConnection, self).execute(query, *args, **options))

    async def fetch(self, query: str, *args: Any, **options: Any) -> Any:
        return await _held(self, query, lambda: super(HeldConnection, self).fetch(query, *args, **options))

    async def fetchrow(self, query: str, *args: Any, **options: Any) -> Any:
        return await _held(self, query, lambda: super(HeldConnection, self).fetchrow(query, *args, **options))

    async def fetchval(self, query: str, *args: Any, **options: Any) -> Any:
        return await _held(self, query, lambda: super(HeldConnection, self).fetchval(query, *args, **options))

    async def executemany(self, command: str, args: Any, **options: Any) -> Any:
        return await _held(self, command, lambda: super(HeldConnection, self).executemany(command, args, **options))

    async def copy_records_to_table(self, table_name: str, **options: Any) -> Any:
        return await _held(
            self, f"copy {table_name}", lambda: super(HeldConnection, self).copy_records_to_table(table_name, **options)
        )

    async def copy_to_table(self, table_name: str, **options: Any) -> Any:
        return await _held(self, f"copy {table_name}", lambda: super(HeldConnection, self).copy_to_table(table_name, **options))


async def _held(connection: HeldConnection, query: str, ask: Callable[[], Awaitable[Any]]) -> Any:
    actor = CURRENT.get()
    if actor is None:
        return await ask()
    name = NAMES.get(Query(query), query.split("\n", 1)[0][:40].rstrip(";").lower())
    order = Order.GO
    if not name.startswith(("begin", "rollback")):
        order = await _ordered(connection, actor, name)
    answer = await _asked(connection, actor, name, ask)
    if order is Order.LOSE:
        raise ConnectionResetError("the answer was lost")
    return answer


async def _ordered(connection: HeldConnection, actor: Actor, name: str) -> Order:
    """Hold *actor* before a statement; a process that dies or loses its server at a commit leaves it to be rolled back."""
    actor.connection = connection
    try:
        order = await actor.director.hold(name)
        if order is Order.FAIL:
            raise ConnectionResetError("the server is out of reach")  # noqa: TRY301  it ends as a crash does
    except BaseException:
        if name == "commit" and not connection.is_closed():
            await _asked(connection, actor, "rollback", lambda: asyncpg.Connection.execute(connection, "ROLLBACK"))
        raise
    return order


async def _asked(connection: HeldConnection, actor: Actor, name: str, ask: Callable[[], Awaitable[Any]]) -> Any:
    """Ask the server, and let the director know that it was asked."""
    if connection.is_closed():
        return await ask()
    pid, director = connection.get_server_pid(), actor.director
    director.in_flight.add(pid)
    try:
        return await ask()
    finally:
        director.in_flight.discard(pid)
        director.blocked.discard(pid)
        if name in {"commit", "rollback"} or connection.is_closed() or not connection.is_in_transaction():
            director.blocked.clear()  # what it held is free: who waited may go on


class HeldDatabase(Database):
    """A pool of held connections; while one is opened and its session begins, the director waits, and holds nobody."""

    @classmethod
    async def of(cls, url: str, schema: str, application: str, **changes: Any) -> Database:
        """Open a pool for *schema* whose limits no history reaches."""
        settings = settings_for(url, command_timeout=1e6, acquire_timeout=1e6, pool_size=4, **changes)
        database = await cls.open(settings, schema=schema, application=application)
        database._pool._connection_class = HeldConnection  # type: ignore[attr-defined]
        return database

    async def _acquire(self) -> Any:
        actor = CURRENT.get()
        if actor is None:
            return await super()._acquire()
        token = -id(actor)
        actor.director.in_flight.add(token)
        off_stage = CURRENT.set(None)
        try:
            return await super()._acquire()
        finally:
            CURRENT.reset(off_stage)
            actor.director.in_flight.discard(token)


SIMULATED_CLOCK: Final = "simulation.clock_of_the_stage()"


@contextmanager
def stage_clock() -> Iterator[None]:
    """Let the recorder read the stage's clock, which may be set back, instead of the server's."""
    kept = recorder_store._QUERIES, recorder_clock._QUERIES
    told = {name: Query(query.replace("clock_timestamp()", SIMULATED_CLOCK)) for name, query in kept[0].items()}
    NAMES.update({query: name for name, query in told.items()})
    _set_queries(told, told)
    try:
        yield
    finally:
        _set_queries(*kept)


def _set_queries(store: Any, clock: Any) -> None:
    recorder_store._QUERIES, recorder_clock._QUERIES = store, clock  # type: ignore[misc]


def prepare_sql() -> str:
    """Return what makes the stage's clock, and a function that puts every table back to where a history begins.

    Sessions that hold a lock from the history before end with it, as they do with the process that dies.
    """
    emptied = "\n".join(f"DELETE FROM {schema}.{table};" for schema, tables in EMPTIED.items() for table in tables)  # noqa: S608  names of ours
    kept = "\n".join(f"CREATE TABLE simulation.{table} AS TABLE records.{table};" for table in KEPT)
    restored = "\n".join(f"INSERT INTO records.{table} TABLE simulation.{table};" for table in reversed(KEPT))
    return f"""
        CREATE SCHEMA simulation;
        GRANT USAGE ON SCHEMA simulation TO PUBLIC;
        CREATE SEQUENCE simulation.tick;
        CREATE FUNCTION {SIMULATED_CLOCK} RETURNS timestamptz LANGUAGE sql VOLATILE AS
        $$ SELECT timestamptz '2026-11-22T00:00:00Z' + nextval('simulation.tick') * interval '1 microsecond' $$;
        {kept}
        CREATE FUNCTION simulation.begin() RETURNS void LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_terminate_backend(pid, 5000)
            FROM pg_locks JOIN pg_database ON pg_database.oid = database
            WHERE locktype = 'advisory' AND datname = current_database() AND pid <> pg_backend_pid();
            SET LOCAL session_replication_role = replica;
            {emptied}
            {restored}
            UPDATE lrs.clock SET consistent_through = '1970-01-01T00:00:00Z';
            PERFORM setval('simulation.tick', 1000);
        END $$;
    """  # noqa: S608  names of ours


__all__ = ["SLOTS", "WAITING", "Crash", "HeldDatabase", "prepare_sql", "stage_clock"]

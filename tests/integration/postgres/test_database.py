"""The pool: what it retries, what it calls an outage, and what it leaves alone."""

import asyncio
import os
import signal
from time import perf_counter

import asyncpg
import pytest
from prometheus_client import CollectorRegistry

from shared.errors import Unavailable
from shared.postgres import Database, PostgresMetrics, Query, Transaction
from tests.support.postgres import settings_for, statement, with_database

AMOUNT = Query("SELECT amount FROM thing WHERE id = $1")
ADD = Query("UPDATE thing SET amount = amount + 1 WHERE id = $1")
LOCK = Query("SELECT FROM thing WHERE id = $1 FOR UPDATE")
SLEEP = Query("SELECT pg_sleep($1)")
PID = Query("SELECT pg_backend_pid()")
TERMINATE = Query("SELECT pg_terminate_backend($1)")
SERIALIZABLE = "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"


def in_use(registry: CollectorRegistry) -> float | None:
    return registry.get_sample_value("symposia_postgres_connections_in_use", {"schema": "workshop"})


def retries(registry: CollectorRegistry, sqlstate: str) -> float:
    labels = {"schema": "workshop", "sqlstate": sqlstate}
    return registry.get_sample_value("symposia_postgres_retry_total", labels) or 0.0


async def test_names_are_found_in_the_services_schema_first(database: Database) -> None:
    assert await database.fetchval(Query("SHOW search_path")) == '"workshop", public'
    assert await database.fetchval(AMOUNT, 1) == 0


async def test_a_session_says_who_it_is_and_does_not_stand_still_for_ever(database: Database) -> None:
    assert await database.fetchval(Query("SHOW application_name")) == "symposia-test"
    assert await database.fetchval(Query("SHOW idle_in_transaction_session_timeout")) == "30s"
    assert await database.fetchval(Query("SHOW lock_timeout")) == "500ms"


async def test_one_statement_is_one_transaction(database: Database) -> None:
    assert await database.execute(ADD, 1) == "UPDATE 1"
    assert tuple(await database.fetchrow(AMOUNT, 1) or ()) == (1,)
    assert await database.fetch(AMOUNT, 3) == []


async def test_a_bug_rolls_back_and_passes_as_itself(database: Database) -> None:
    async def buggy(transaction: Transaction) -> float:
        await transaction.execute(ADD, 1)
        return 1 / 0

    with pytest.raises(ZeroDivisionError):
        await database.run(buggy)
    with pytest.raises(asyncpg.UndefinedTableError):
        await database.fetch(Query("SELECT FROM nothing"))
    assert await database.fetchval(AMOUNT, 1) == 0


async def test_a_deadlock_is_run_again_until_both_are_done(database: Database, registry: CollectorRegistry) -> None:
    both_hold_one = asyncio.Barrier(2)

    def cross(first: int, second: int) -> asyncio.Task[None]:
        async def work(transaction: Transaction) -> None:
            await transaction.execute("SET LOCAL lock_timeout = 0")
            await transaction.execute(ADD, first)
            if both_hold_one.n_waiting < 2 and not retries(registry, "40P01"):
                await both_hold_one.wait()
            await transaction.execute(ADD, second)

        return asyncio.create_task(database.run(work))

    await asyncio.gather(cross(1, 2), cross(2, 1))

    assert retries(registry, "40P01") == 1
    assert [await database.fetchval(AMOUNT, number) for number in (1, 2)] == [2, 2]


async def test_a_serialisation_failure_is_run_again(database: Database, registry: CollectorRegistry) -> None:
    disturbed = False

    async def work(transaction: Transaction) -> None:
        nonlocal disturbed
        await transaction.execute(SERIALIZABLE)
        amount = await transaction.fetchval(AMOUNT, 1)
        if not disturbed:
            disturbed = True
            await database.execute(ADD, 1)
        await transaction.execute("UPDATE thing SET amount = $1 WHERE id = 1", amount + 10)

    await database.run(work)

    assert await database.fetchval(AMOUNT, 1) == 11
    assert retries(registry, "40001") == 1


async def test_attempts_are_bounded(database: Database, empty_database_url: str, registry: CollectorRegistry) -> None:
    attempts = 0

    async def always_disturbed(transaction: Transaction) -> None:
        nonlocal attempts
        attempts += 1
        await transaction.execute(SERIALIZABLE)
        await transaction.fetchval(AMOUNT, 1)
        await statement(empty_database_url, "UPDATE workshop.thing SET amount = amount + 1 WHERE id = 1")
        await transaction.execute(ADD, 1)

    with pytest.raises(Unavailable, match="40001"):
        await database.run(always_disturbed)

    assert attempts == 8
    assert retries(registry, "40001") == 7


async def test_a_changed_table_under_a_prepared_statement_is_no_error(database: Database, empty_database_url: str) -> None:
    everything = Query("SELECT * FROM thing WHERE id = $1")

    async def work(transaction: Transaction) -> int:
        return len(await transaction.fetchrow(everything, 1) or ())

    before = await database.run(work)

    await statement(empty_database_url, "ALTER TABLE workshop.thing ADD COLUMN word text")

    assert (before, await database.run(work)) == (2, 3)


async def test_a_lock_that_does_not_come_free_is_an_outage(database: Database) -> None:
    async with database.transaction() as holder:
        await holder.execute(LOCK, 1)

        with pytest.raises(Unavailable, match=r"55P03.*an import"):
            await database.execute(ADD, 1)


async def test_an_exhausted_pool_is_an_outage_and_recovers(database: Database, registry: CollectorRegistry) -> None:
    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(database.fetchval(SLEEP, 0.8))
        await asyncio.sleep(0.1)  # the four queries are under way

        with pytest.raises(Unavailable, match="TimeoutError"):
            await database.fetchval(AMOUNT, 1)

    assert await database.fetchval(AMOUNT, 1) == 0
    assert in_use(registry) == 0


async def test_a_statement_that_takes_too_long_is_an_outage(database: Database) -> None:
    with pytest.raises(Unavailable, match="TimeoutError"):
        await database.fetchval(SLEEP, 10)

    assert await database.fetchval(AMOUNT, 1) == 0


async def test_a_cancelled_transaction_leaves_nothing_behind(database: Database, registry: CollectorRegistry) -> None:
    async def slow(transaction: Transaction) -> None:
        await transaction.execute(ADD, 1)
        await transaction.fetchval(SLEEP, 10)

    for _ in range(8):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await database.run(slow)

    assert await database.fetchval(AMOUNT, 1) == 0
    assert await database.execute(ADD, 1) == "UPDATE 1"
    assert in_use(registry) == 0


async def test_a_terminated_session_is_an_outage_once(database: Database) -> None:
    async def beheaded(transaction: Transaction) -> None:
        await database.fetchval(TERMINATE, await transaction.fetchval(PID))
        await transaction.execute(ADD, 1)

    with pytest.raises(Unavailable):
        await database.run(beheaded)

    assert await database.execute(ADD, 1) == "UPDATE 1"


async def test_a_transaction_that_stood_still_too_long_is_an_outage(empty_database_url: str) -> None:
    frozen = await Database.open(
        settings_for(empty_database_url, idle_in_transaction_timeout=0.1), schema="public", application="test"
    )

    async def freeze(transaction: Transaction) -> None:
        await transaction.fetchval("SELECT 1")
        await asyncio.sleep(0.3)
        await transaction.fetchval("SELECT 1")

    with pytest.raises(Unavailable):
        await frozen.run(freeze)
    assert await frozen.fetchval(Query("SELECT 1")) == 1
    await frozen.close()


async def test_a_server_that_takes_no_writes_is_an_outage_until_it_does(database: Database, empty_database_url: str) -> None:
    async def demoted(transaction: Transaction) -> None:
        await transaction.execute("SET TRANSACTION READ ONLY")
        await transaction.execute(ADD, 1)

    name = empty_database_url.partition("?")[0].rpartition("/")[2]
    await database.ready()
    await database.fetchval(AMOUNT, 1)

    await statement(empty_database_url, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with pytest.raises(Unavailable, match="25006"):
        await database.run(demoted)
    with pytest.raises(Unavailable):  # the pool let its connections go, and takes no new one to such a server
        await database.ready()
    await statement(with_database(empty_database_url, "postgres"), f"ALTER DATABASE {name} RESET default_transaction_read_only")

    await database.ready()
    assert await database.execute(ADD, 1) == "UPDATE 1"


async def test_a_service_opens_while_postgresql_is_down_and_says_it_is_not_ready() -> None:
    nowhere = await Database.open(settings_for("postgresql://x@127.0.0.1:1/x"), schema="public", application="test")

    with pytest.raises(Unavailable, match="ConnectionRefusedError"):
        await nowhere.ready()

    await nowhere.close()


async def test_closing_does_not_wait_for_ever(empty_database_url: str) -> None:
    busy = await Database.open(settings_for(empty_database_url, command_timeout=0.5), schema="public", application="test")

    async def close_within(transaction: Transaction) -> None:
        await busy.close()
        await transaction.fetchval("SELECT 1")

    with pytest.raises(Unavailable):
        await busy.run(close_within)


async def test_several_pools_share_one_registry(empty_database_url: str, registry: CollectorRegistry) -> None:
    metrics = PostgresMetrics(registry)

    for schema in ("one", "two"):
        opened = await Database.open(settings_for(empty_database_url), schema=schema, application="test", metrics=metrics)
        await opened.fetchval(Query("SELECT 1"))
        await opened.close()

    for schema in ("one", "two"):
        assert registry.get_sample_value("symposia_postgres_acquire_seconds_count", {"schema": schema}) == 1


async def test_a_schema_that_is_no_plain_identifier_is_refused(empty_database_url: str) -> None:
    with pytest.raises(ValueError, match="not a plain identifier"):
        await Database.open(settings_for(empty_database_url), schema='x"; DROP', application="test")


async def test_a_frozen_backend_is_an_outage_within_bounds(database: Database) -> None:
    pid = 0

    async def frozen(transaction: Transaction) -> None:
        nonlocal pid
        pid = await transaction.fetchval(PID)
        os.kill(pid, signal.SIGSTOP)
        await transaction.execute(ADD, 1)

    started = perf_counter()
    try:
        with pytest.raises(Unavailable):
            await database.run(frozen)
        waited = perf_counter() - started
    finally:
        os.kill(pid, signal.SIGCONT)

    assert waited < 10
    assert await database.fetchval(AMOUNT, 1) == 0

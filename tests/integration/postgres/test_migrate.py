"""Migrations against a real server: once, in order, by one process at a time."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from services.targets import TARGETS
from shared.errors import Misconfigured, Unavailable
from shared.postgres import Database, Target, migrate
from tests.support.postgres import settings_for, statement, with_database

Package = Callable[[dict[str, str]], str]

CREATE = "CREATE TABLE thing (id int PRIMARY KEY);\nCREATE TABLE other (id int);"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Package:
    name = "migrations_of_a_server_test"

    def write(contents: dict[str, str]) -> str:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        for file, sql in contents.items():
            (folder / file).write_text(sql, encoding="utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(sys.modules, name, raising=False)
        return name

    return write


async def value(url: str, sql: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_files_are_applied_in_order_once(empty_database_url: str, package: Package) -> None:
    name = package({"0002_more.sql": "INSERT INTO thing VALUES (1);", "0001_thing.sql": CREATE})
    target = Target("workshop", (name,))

    first = await migrate(empty_database_url, [target])
    second = await migrate(empty_database_url, [target])

    assert first == [f"workshop: {name}/0001_thing.sql", f"workshop: {name}/0002_more.sql"]
    assert second == []
    assert await value(empty_database_url, "SELECT count(*) FROM workshop.thing") == 1


async def test_what_was_added_later_is_applied_later(empty_database_url: str, package: Package) -> None:
    target = Target("workshop", (package({"0001_thing.sql": CREATE}),))
    await migrate(empty_database_url, [target])

    package({"0002_more.sql": "ALTER TABLE thing ADD COLUMN word text;"})

    assert await migrate(empty_database_url, [target]) == [f"workshop: {target.packages[0]}/0002_more.sql"]


async def test_one_package_makes_the_same_tables_in_several_schemas(empty_database_url: str, package: Package) -> None:
    name = package({"0001_thing.sql": CREATE})

    applied = await migrate(empty_database_url, [Target("one", (name,)), Target("two", (name,))])

    assert len(applied) == 2
    assert await value(empty_database_url, "SELECT count(*) FROM one.thing, two.thing") == 0


async def test_runs_at_the_same_time_apply_each_file_once(empty_database_url: str, package: Package) -> None:
    target = Target("workshop", (package({"0001_thing.sql": CREATE, "0002_slow.sql": "SELECT pg_sleep(0.2);"}),))

    runs = await asyncio.gather(*(migrate(empty_database_url, [target]) for _ in range(4)))

    assert sorted(len(applied) for applied in runs) == [0, 0, 0, 2]


async def test_a_file_that_was_changed_after_it_had_been_applied_is_refused(empty_database_url: str, package: Package) -> None:
    target = Target("workshop", (package({"0001_thing.sql": CREATE}),))
    await migrate(empty_database_url, [target])

    package({"0001_thing.sql": CREATE + "\n-- a better idea"})

    with pytest.raises(Misconfigured, match=r"0001_thing\.sql was changed after it had been applied"):
        await migrate(empty_database_url, [target])


async def test_a_file_that_fails_leaves_nothing_and_says_where(empty_database_url: str, package: Package) -> None:
    name = package({"0001_thing.sql": CREATE, "0002_bad.sql": "CREATE TABLE good (id int);\n\nALTER TABLE nothing ADD x int;"})

    with pytest.raises(Misconfigured, match=r"0002_bad\.sql failed.*nothing"):
        await migrate(empty_database_url, [Target("workshop", (name,))])

    assert await value(empty_database_url, "SELECT to_regclass('workshop.good')") is None
    assert await value(empty_database_url, "SELECT max(number) FROM workshop.migration") == 1


async def test_a_mistake_in_the_syntax_is_shown_with_its_line(empty_database_url: str, package: Package) -> None:
    name = package({"0001_thing.sql": "SELECT 1;\n\nCREATE TABEL thing (id int);"})

    with pytest.raises(Misconfigured, match=r"0001_thing\.sql failed in line 3"):
        await migrate(empty_database_url, [Target("workshop", (name,))])


async def test_a_migration_waits_for_traffic_and_does_not_hold_it_up(empty_database_url: str, package: Package) -> None:
    await migrate(empty_database_url, [Target("workshop", (package({"0001_thing.sql": CREATE}),))])
    name = package({"0002_more.sql": "ALTER TABLE thing ADD COLUMN word text;"})
    reader = await asyncpg.connect(empty_database_url)

    async with reader.transaction():
        await reader.execute("SELECT FROM workshop.thing")
        migration = asyncio.create_task(migrate(empty_database_url, [Target("workshop", (name,))]))
        await asyncio.wait([migration], timeout=6)
        assert not migration.done()

    assert await migration == [f"workshop: {name}/0002_more.sql"]
    await reader.close()


async def test_readiness_asks_for_the_expected_version(empty_database_url: str, package: Package) -> None:
    name = package({"0001_thing.sql": CREATE})
    database = await Database.open(settings_for(empty_database_url), schema="workshop", application="test", packages=(name,))

    with pytest.raises(Unavailable, match="has not been migrated"):
        await database.ready()
    await migrate(empty_database_url, [Target("workshop", (name,))])
    await database.ready()
    package({"0002_more.sql": "SELECT 1;"})
    with pytest.raises(Unavailable, match="is at 1, not at 2"):
        await database.ready()
    (Path(sys.path[0]) / name / "0002_more.sql").unlink()
    await statement(empty_database_url, "UPDATE workshop.migration SET number = 2, name = 'newer'")
    await database.ready()  # the schema is newer than the code: expand and contract

    await database.close()


async def test_a_service_works_as_its_role_and_reads_of_others_what_they_grant(empty_database_url: str, package: Package) -> None:
    name = package(
        {
            "0001_thing.sql": "CREATE TABLE thing (id int); CREATE VIEW shown AS SELECT id FROM thing;",
            "grants.sql": "GRANT USAGE ON SCHEMA one TO symposia_two;\nGRANT SELECT ON shown TO symposia_two;",
        }
    )
    plain = "shared.stream.migrations"
    await migrate(empty_database_url, [Target("one", (name,)), Target("two", (plain,))])

    await statement(empty_database_url, "SET ROLE symposia_one; INSERT INTO one.thing VALUES (1)")
    await statement(empty_database_url, "SET ROLE symposia_two; SELECT id FROM one.shown")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await statement(empty_database_url, "SET ROLE symposia_two; SELECT id FROM one.thing")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await statement(empty_database_url, "SET ROLE symposia_one; DELETE FROM one.migration")


async def test_a_login_that_may_not_create_roles_migrates_all_the_same(empty_database_url: str, package: Package) -> None:
    name = package({"0001_thing.sql": CREATE, "grants.sql": "GRANT USAGE ON SCHEMA humble TO symposia_nobody;"})
    database = empty_database_url.partition("?")[0].rpartition("/")[2]
    await statement(
        empty_database_url, f"CREATE ROLE humble_{database} LOGIN; GRANT CREATE ON DATABASE {database} TO humble_{database}"
    )

    applied = await migrate(empty_database_url.replace("//symposia@", f"//humble_{database}@"), [Target("humble", (name,))])

    assert len(applied) == 1
    assert await value(empty_database_url, "SELECT to_regrole('symposia_humble')") is None


async def test_every_services_migrations_are_applied_once(empty_database_url: str) -> None:
    assert await migrate(empty_database_url, TARGETS)
    assert await migrate(empty_database_url, TARGETS) == []


async def test_a_database_that_does_not_answer_is_an_outage() -> None:
    with pytest.raises(Unavailable, match="ConnectionRefusedError"):
        await migrate("postgresql://x@127.0.0.1:1/x", TARGETS)


async def test_a_database_that_does_not_exist_is_a_mistake_in_the_settings(empty_database_url: str) -> None:
    with pytest.raises(Misconfigured, match="DATABASE_URL"):
        await migrate(with_database(empty_database_url, "missing"), TARGETS)

"""What a former state stored goes on living: restored, migrated, and served, told, linked and scored by the services of today.

`python -m tests.support.former` made what is restored here, with the code of those states.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest

from services.ingest.domain.source import Platform
from shared.postgres.embedded import Server
from tests.support.former import life
from tests.support.former.afterlife import Afterlife, lived_on
from tests.support.former.stored import LEARNERS, REVISIONS
from tests.support.pins import pinned
from tests.support.postgres import blocking, fresh_database, with_database
from tests.support.schema import Schema, schema_of

COMPARED_OTHERWISE: Final = ("2026-11-22",)
"""What these recorded is a conflict when it comes again: docs/operations.md#upgrades."""
NOTHING: Final = {"impact": 0.0, "reception": 0.0, "contribution": 0.0}
HEARD_INTO_THE_LOG: Final = ("2026-11-29",)
"""What these heard they told a moment later: decision 36."""
HEARD_LAST: Final = {line.split()[0] for line in pinned(Platform.ACTIVITYSTREAMS) if not line.startswith("redacts ")}
POSTED_LAST: Final = [life.id_of(name) for name in ("recorded", "recorded too", "received", "received essay")]


@pytest.fixture(scope="module")
def fresh(postgres_server: Server, migrated_template: str) -> Schema:
    """Return the schema of a new installation."""
    return blocking(schema_of(with_database(postgres_server.dsn, migrated_template)))


@pytest.fixture(scope="module", params=REVISIONS)
def seen(request: pytest.FixtureRequest, postgres_server: Server, migrated_template: str) -> Iterator[Afterlife]:
    assert migrated_template, "the roles are there"
    for url in fresh_database(postgres_server.dsn, "template1"):
        yield blocking(lived_on(request.param, url))


def test_a_second_migration_has_nothing_to_do(seen: Afterlife) -> None:
    assert seen.applied
    assert seen.applied_again == []


def test_what_was_migrated_is_what_a_new_installation_is(seen: Afterlife, fresh: Schema) -> None:
    migrated = seen.schema

    assert {key: (migrated.get(key), fresh.get(key)) for key in migrated | fresh if migrated.get(key) != fresh.get(key)} == {}


@pytest.mark.parametrize("learner", LEARNERS)
def test_impact_is_what_it_was_until_more_is_known(seen: Afterlife, learner: str) -> None:
    then, now = seen.then["impact"][learner] or NOTHING, seen.impact[learner.removeprefix("external:")]

    assert {name: now[name] for name in NOTHING} == pytest.approx({name: then[name] for name in NOTHING})


@pytest.mark.parametrize("what", ["statements", "voided", "attachments"])
def test_what_was_served_is_served_byte_for_byte(seen: Afterlife, what: str) -> None:
    then, now = seen.then[what], seen.now[what]

    assert {name: now.get(name) for name in then} == then


def test_documents_are_what_they_were(seen: Afterlife) -> None:
    assert seen.now["documents"] == seen.then["documents"]


def test_what_is_said_of_an_activity_is_what_it_was(seen: Afterlife) -> None:
    assert seen.now["activity"] == seen.then["activity"]


def test_what_was_recorded_keeps_its_order_and_nothing_is_lost_or_doubled(seen: Afterlife) -> None:
    order = seen.now["order"]

    assert order[: len(seen.then["order"])] == seen.then["order"]
    assert len(set(order)) == len(order)
    assert set(POSTED_LAST) <= set(order)


def test_what_was_heard_and_waited_is_told(seen: Afterlife) -> None:
    untold = set(seen.pending) | (HEARD_LAST if seen.day in HEARD_INTO_THE_LOG else set())

    assert untold
    assert untold <= set(seen.now["order"])


def test_what_waited_is_forwarded_once(seen: Afterlife) -> None:
    assert len(set(seen.forwarded)) == len(seen.forwarded)
    assert not set(seen.forwarded) & set(seen.then["forwarded"])


def test_a_replay_ends_in_the_same_tables(seen: Afterlife) -> None:
    first, then = seen.digests

    assert first.differing(then) == ()


def test_what_comes_again_is_what_it_was(seen: Afterlife) -> None:
    assert seen.posted_again == ([409] * 3 if seen.day in COMPARED_OTHERWISE else [200] * 3)
    assert seen.delivered_again == [200, 200]


def test_whoever_was_erased_stays_erased(seen: Afterlife) -> None:
    assert seen.traces == {}


def test_nothing_is_set_aside_that_was_not(seen: Afterlife) -> None:
    conflicts = {letter for letter in seen.letters if letter.startswith("conflict: ")}
    (unreadable,) = set(seen.letters) - conflicts

    assert unreadable.startswith("unreadable: ")
    assert seen.day in COMPARED_OTHERWISE or conflicts == {f"conflict: {life.BATCH[0]['id']} recorded with other content"}

"""A topic of GitHub that is moved to another repository is told once, and taken back under both its names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import orjson
import pytest

from services.ingest.connectors.github.events import read
from services.ingest.domain.reading import Delivery, Reason
from tests.support.github import GITHUB, QUESTIONS, REPOSITORY, github, person, topic
from tests.support.ingest import NOW, Ear, Sent, acts

ELSEWHERE = {**REPOSITORY, "id": 502, "full_name": "acme/answers"}
MOVED = "2026-03-02T13:00:00Z"
ASKED = topic(4, 11, "How do I restart the broker?", "12:00:00", category=QUESTIONS)
NOW_THERE = {**ASKED, "id": 9001, "number": 1, "updated_at": MOVED}
WRONG = topic(5, 12, "The runbook is wrong", "12:20:00")
WRONG_THERE = {**WRONG, "id": 9002, "number": 2, "updated_at": MOVED}


def there(sent: Sent, **more: Any) -> Sent:
    """Return what the other repository tells."""
    return replace(sent, document={**sent.document, "repository": ELSEWHERE, **more})


def changes(**said: Any) -> dict[str, Any]:
    return {"changes": said}


MADE = github("discussion", "created", 11, "12:00:01", discussion=ASKED)
LEFT = github(
    "discussion", "transferred", 14, "13:00:01", discussion=ASKED, **changes(new_discussion=NOW_THERE, new_repository=ELSEWHERE)
)
CAME = there(github("discussion", "created", 14, "13:00:02", discussion=NOW_THERE))
OPENED = github("issues", "opened", 12, "12:20:01", issue=WRONG)
ISSUE_LEFT = github(
    "issues", "transferred", 14, "13:00:01", issue=WRONG, **changes(new_issue=WRONG_THERE, new_repository=ELSEWHERE)
)
ISSUE_CAME = there(
    github("issues", "opened", 14, "13:00:02", issue=WRONG_THERE), **changes(old_issue=WRONG, old_repository=REPOSITORY)
)


async def told(*deliveries: Sent) -> set[tuple[str, bytes]]:
    ear = Ear()
    await ear.hear(*deliveries)
    ear.now = NOW + timedelta(minutes=5)
    await ear.sweep(GITHUB)
    return ear.told()


@pytest.mark.parametrize("order", list(permutations([MADE, LEFT, CAME])))
async def test_a_discussion_that_was_moved_is_told_once(order: tuple[Sent, ...]) -> None:
    assert await told(*order, *order) == await told(MADE)


@pytest.mark.parametrize("order", [*permutations([OPENED, ISSUE_LEFT, ISSUE_CAME]), (OPENED, ISSUE_CAME), (ISSUE_CAME, OPENED)])
async def test_an_issue_that_was_moved_is_told_once(order: tuple[Sent, ...]) -> None:
    assert await told(*order, *order) == await told(OPENED)


@pytest.mark.parametrize(
    ("deliveries", "topics"),
    [
        ((LEFT, CAME), ["acme/answers/discussions/1"]),
        ((CAME,), ["acme/answers/discussions/1"]),
        ((ISSUE_CAME,), ["acme/answers/issues/2"]),
        ((there(ISSUE_CAME, **changes(old_issue=None, old_repository=REPOSITORY)),), ["acme/answers/issues/2"]),
    ],
)
async def test_what_was_never_told_where_it_was_is_told_where_it_is(deliveries: tuple[Sent, ...], topics: list[str]) -> None:
    statements = [orjson.loads(body) for _, body in await told(*deliveries)]

    assert [named for _, _, named in acts(statements)] == [f"github.com/{each}" for each in topics]


async def test_what_is_new_waits_for_nothing() -> None:
    reading = read(GITHUB, Delivery(MADE.headers, MADE.document))

    assert (len(reading.decided), reading.undecided) == (1, ())


@pytest.mark.parametrize(
    ("made", "moves", "deleted", "names"),
    [
        (
            MADE,
            (LEFT, CAME),
            there(github("discussion", "deleted", 14, "14:00:00", discussion=NOW_THERE)),
            {"acme/handbook/discussions/4", "acme/answers/discussions/1"},
        ),
        (
            OPENED,
            (ISSUE_CAME,),
            there(github("issues", "deleted", 14, "14:00:00", issue=WRONG_THERE)),
            {"acme/handbook/issues/5", "acme/answers/issues/2"},
        ),
        (MADE, (), github("discussion", "deleted", 14, "14:00:00", discussion=ASKED), {"acme/handbook/discussions/4"}),
    ],
    ids=["a discussion", "an issue", "what was never moved"],
)
async def test_a_delete_redacts_a_topic_under_every_name_that_it_had(
    made: Sent, moves: tuple[Sent, ...], deleted: Sent, names: set[str]
) -> None:
    for order in ((made, *moves, deleted), (deleted, *moves, made)):
        ear = Ear()

        await ear.hear(*order)

        redacted = {iri for received in ear.received() for iri in received.redacts}
        assert redacted == {f"https://github.com/{each}" for each in names}
        assert {who for who, verb, _ in acts(ear.statements()) if "remove" in verb} == {"14"}


@pytest.mark.parametrize(
    "change",
    [{"repository": {**ELSEWHERE, "private": True}}, {"new": {**ELSEWHERE, "private": True}}],
    ids=["told by one that is not heard", "moved to one that is not heard"],
)
async def test_where_nothing_is_heard_nothing_is_told_or_learnt(change: Mapping[str, Any]) -> None:
    new = change.get("new", ELSEWHERE)
    left = replace(LEFT, document={**LEFT.document, **changes(new_discussion=NOW_THERE, new_repository=new)})
    came = replace(CAME, document={**CAME.document, **change, "repository": change.get("repository", ELSEWHERE)})

    readings = [read(GITHUB, Delivery(each.headers, each.document)) for each in (left, came)]

    assert (readings[0].known == ()) == ("new" in change)
    assert ("repository" in change) == (readings[1].ignored == (Reason.PRIVATE_CHANNEL,))


async def test_an_unknown_account_moves_nothing() -> None:
    came = replace(CAME, document={**CAME.document, "discussion": {**NOW_THERE, "user": {**person(99), "type": "Bot"}}})

    assert read(GITHUB, Delivery(came.headers, came.document)).ignored == (Reason.BOT,)

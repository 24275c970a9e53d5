"""Told thrice and in any order, or told again from the record: the tables end the same."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest

from services.enrichment.forgetting import forget as forget_interactions
from services.enrichment.imports import Kind
from services.gateway.recorder.replay import replay
from services.ingest.domain.source import Platform
from services.pipeline import Pipeline
from services.scoring.rules import forget as forget_impact
from shared.postgres import Query
from shared.postgres.embedded import Server
from shared.stream import StreamSettings
from shared.stream.settings import KafkaSettings, LogKind
from tests.support.crash import Digests, digests, open_books, settled
from tests.support.discourse import discourse, discourse_post, discourse_topic
from tests.support.house import DISCOURSE, SLACK, House, open_house
from tests.support.ingest import Sent
from tests.support.kafka import StartCluster
from tests.support.postgres import blocking, statement, with_database
from tests.support.signing import sign
from tests.support.slack import slack, slack_message, slack_reaction

COURSE: Final = "https://lms.acme.example/course/python"
THREADS: Final = 5
COPIES: Final = Query("SELECT count(*) FROM interaction WHERE copy_of IS NOT NULL")
AT_ONCE: Final = 8
NUMBERS: Final = count(1)
DOORS: Final = {Platform.SLACK: SLACK, Platform.DISCOURSE: DISCOURSE}


def advice(number: int) -> str:
    """Return what one person says on Slack, and another repeats on Discourse."""
    return f"Drain it, then stop it, and only then look at what queue {number} still holds, since nothing is lost by waiting."


def slack_thread(number: int) -> list[Sent]:
    """A question about the course, two answers, what others thought of them, an edit and a delete."""
    begin = 1772452800 + number * 86400
    moment = [f"{begin + 10 * place}.000{place}00" for place in range(9)]
    asker, helper, other = (f"U{(number + step) % 6}" for step in range(3))
    thread = {"thread_ts": moment[0], "parent_user_id": asker}
    answer = slack_message(helper, moment[1], advice(number), **thread)
    edited = {**answer, "text": "Drain it first.", "edited": {"user": helper, "ts": moment[4]}}
    changed = slack_message("", moment[4], "", subtype="message_changed", message=edited, previous_message=answer)
    del changed["user"], changed["text"]
    deleted = {"type": "message", "subtype": "message_deleted", "channel": "C1", "channel_type": "channel", "hidden": True}
    return [
        slack(slack_message(asker, moment[0], f"How do I do <{COURSE}/{number}>?")),
        slack(answer),
        slack(slack_message(other, moment[2], "Or ask the team.", **thread)),
        slack(slack_reaction(asker, moment[1], "white_check_mark", moment[3], helper)),
        slack(changed),
        slack(slack_reaction(other, moment[1], "heart", moment[5], helper)),
        slack(slack_reaction(other, moment[0], "eyes", moment[6], asker)),
        slack({**deleted, "deleted_ts": moment[2], "event_ts": moment[7], "ts": moment[7]}),
    ]


def discourse_topic_of(number: int) -> list[Sent]:
    """A topic that asks, a post that is edited, one that is taken back, one that is copied from Slack; what others thought."""
    topic, day = 57 + number, f"2026-03-{10 + number:02d}"
    asker, helper, other = (11 + (number + step) % 5 for step in range(3))
    answer = discourse_post(helper, topic, 2, f"See {COURSE}/{number}", f"{day}T12:05:00.000Z")
    edited = {**answer, "raw": f"See {COURSE}/{number}, please.", "version": 2, "updated_at": f"{day}T12:06:00.000Z"}
    remark = discourse_post(asker, topic, 3, "That works!", f"{day}T12:10:00.000Z", reply_to_post_number=2)
    copied = discourse_post(other, topic, 4, advice(number), f"{day}T12:11:00.000Z", reply_to_post_number=1)
    vote = {"topic_id": topic, "topic_slug": "a-topic", "voter_id": other, "vote_count": 1}
    return [
        discourse("topic", "topic_created", discourse_topic(asker, topic, f"{day}T12:00:00.100Z")),
        discourse("post", "post_created", discourse_post(asker, topic, 1, "It hangs.", f"{day}T12:00:00.123Z")),
        discourse("post", "post_created", answer),
        discourse("post", "post_created", remark),
        discourse("post", "post_created", copied),
        discourse("like", "post_liked", {"post": copied, "user": {"id": asker, "username": f"user{asker}"}}),
        discourse("post", "post_edited", edited),
        discourse("solved", "accepted_solution", edited),
        discourse("like", "post_liked", {"post": edited, "user": {"id": other, "username": f"user{other}"}}),
        discourse("topic_voting", "topic_upvote", vote),
        discourse("post", "post_destroyed", {**remark, "updated_at": f"{day}T12:20:00.000Z"}),
    ]


COMMUNITY: Final = [
    sent for number in range(THREADS) for sent in (*slack_thread(number), *discourse_topic_of(number)[: 11 - number % 2])
]


async def deliver(house: House, sent: Sent) -> int:
    """Deliver *sent* as its platform does, signed now; return the status of the answer."""
    name, _, secret = DOORS[sent.source.platform]
    now = datetime.now(UTC)  # noqa: TID251  a signature is of now
    headers = {**sent.headers, **sign(sent.source.platform, sent.body, secret, now), "content-type": "application/json"}
    return (await house.ingest.post(f"/hooks/{sent.source.platform}/{name}", content=sent.body, headers=headers)).status_code


async def furnish(house: House) -> None:
    """Import who the people are, the course, and who takes it."""
    accounts = [f"U{number}@{SLACK[1]}" for number in range(6)] + [f"{number}@{DISCOURSE[1]}" for number in range(11, 16)]
    people = [f"HR-{number},{number},,{account}" for number, account in enumerate(accounts)]
    enrolled = [f"HR-{number},{COURSE}" for number in range(0, len(accounts), 2)]
    await house.take(Kind.PEOPLE, "\n".join(("external_id,name,email,accounts", *people)).encode())
    await house.take(Kind.COURSES, f"iri,title,urls\n{COURSE},Python,{COURSE}\n".encode())
    await house.take(Kind.ENROLMENTS, "\n".join(("external_id,course", *enrolled)).encode())


def stream(kafka: str | None) -> StreamSettings:
    return StreamSettings(kind=LogKind.KAFKA if kafka else LogKind.POSTGRES, kafka=KafkaSettings(bootstrap=kafka or "none"))


async def quiet(books: Pipeline) -> Digests:
    """Wait until nothing is left to do, and read what the tables hold."""
    async with asyncio.timeout(120):
        await settled(books)
    return await digests(books)


async def told_thrice(url: str, seed: int, kafka: str | None = None) -> tuple[set[int], Digests]:
    """Deliver everything three times, shuffled, some at once; return the statuses, and what the tables then hold."""
    deliveries = COMMUNITY * 3
    random.Random(seed).shuffle(deliveries)  # noqa: S311  seeded, no secret
    turnstile = asyncio.Semaphore(AT_ONCE)

    async def one(sent: Sent) -> int:
        async with turnstile:
            return await deliver(house, sent)

    async with open_house(url, kafka=kafka) as house, open_books(house.postgres, stream(kafka)) as books:
        await furnish(house)
        statuses = await asyncio.gather(*map(one, deliveries))
        return set(statuses), await quiet(books)


def holds_something(found: Digests) -> bool:
    """Say whether every kind of table that is compared holds rows."""
    counts: Sequence[Any] = (len(found.statements), found.records.interactions, found.impact.facts, found.impact.cells)
    return all(counts)


@pytest.fixture
def empty_house_url(postgres_server: Server, migrated_template: str) -> Iterator[str]:
    """Return the URI of a second fresh database, beside the one in which everything is told in order."""
    name = f"redelivery_{next(NUMBERS)}"
    blocking(statement(postgres_server.dsn, f"CREATE DATABASE {name} TEMPLATE {migrated_template}"))
    yield with_database(postgres_server.dsn, name)
    blocking(statement(postgres_server.dsn, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
def in_order() -> dict[str, Digests]:
    """What one delivery of each, in order, leaves: made by the first test that needs it."""
    return {}


@pytest.fixture
async def once(in_order: dict[str, Digests], database_url: str) -> Digests:
    """Return what one delivery of each, in order, leaves, after the record was told again to emptied tables."""
    if not in_order:
        async with open_house(database_url) as house, open_books(house.postgres, stream(None)) as books:
            await furnish(house)
            statuses = [await deliver(house, sent) for sent in COMMUNITY]
            assert set(statuses) == {200}
            in_order["told"] = await quiet(books)
            assert await books.databases["records"].fetchval(COPIES) >= THREADS
            await forget_impact(books.databases["impact"])
            await forget_interactions(books.databases["records"])
            in_order["forgotten"] = await digests(books)
            await replay(books.databases["lrs"], books.log)
            in_order["replayed"] = await quiet(books)
    return in_order["told"]


def test_the_page_says_how_many_deliveries_there_are() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reliability.md").read_text("utf-8")

    assert f" {3 * len(COMMUNITY)} deliveries |" in page


async def test_a_replay_of_the_record_makes_the_same_tables_again(once: Digests, in_order: dict[str, Digests]) -> None:
    assert len(COMMUNITY) >= 60
    assert holds_something(once)
    assert (in_order["forgotten"].records.interactions, in_order["forgotten"].impact.facts) == (0, 0)
    assert in_order["replayed"] == once


@pytest.mark.parametrize(("seed", "remembered"), [(1, "0"), (2, "0"), (3, "20000")], ids=["1", "2", "3, remembering"])
async def test_deliveries_told_thrice_and_shuffled_leave_what_one_of_each_in_order_does(
    once: Digests, empty_house_url: str, seed: int, remembered: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYMPOSIA_INGEST__DOOR__REMEMBERED", remembered)

    statuses, found = await told_thrice(empty_house_url, seed)

    assert statuses == {200}
    assert once.differing(found) == ()


async def test_so_it_is_on_kafka(once: Digests, empty_house_url: str, start_kafka: StartCluster) -> None:
    statuses, found = await told_thrice(empty_house_url, 4, start_kafka(1).bootstrap)

    assert statuses == {200}
    assert once.differing(found) == ()

"""What a target gets: stored bytes, in order, from one process at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any
from uuid import UUID

from services.gateway.domain.selection import Selection
from services.gateway.forwarding.forwarder import Pace
from services.gateway.forwarding.store import Refusal, SendingStore, Settled
from services.gateway.forwarding.targets import Targets
from shared.clock import utc_now
from shared.postgres import Query
from shared.settings import PostgresSettings
from tests.support.forwarding import (
    IDS,
    OTHER,
    add,
    asked,
    forwarding,
    record,
    target,
    until_settled,
)
from tests.support.gateway import eventually
from tests.support.lrs import Lrs
from tests.support.received import activity, request, statement, voiding
from tests.support.scripted import Reply, ScriptedLrs


async def test_stored_bytes_arrive_in_order_and_in_batches_of_fifty(
    lrs: Lrs, targets: Targets, other: ScriptedLrs, postgres_settings: PostgresSettings
) -> None:
    await add(targets, other)
    await record(lrs, *range(120))

    async with forwarding(postgres_settings) as registry:
        settled = await until_settled(targets)

    assert other.posts == [IDS[:50], IDS[50:100], IDS[100:]]
    assert other.requests[0].body == b"[" + b",".join(row["body"] for row in (await lrs.rows())[:50]) + b"]"
    assert other.requests[0].headers["authorization"] == "Basic a2V5OnNlY3JldA=="
    assert other.requests[0].headers["x-experience-api-version"] == "1.0.3"
    assert settled.last_forwarded_at is not None
    sent = registry.get_sample_value("symposia_forwarding_statements_total", {"target": "other", "outcome": "forwarded"})
    assert sent == 120


async def test_a_target_gets_what_is_recorded_after_it_was_added_or_since_a_date(
    lrs: Lrs, targets: Targets, other: ScriptedLrs, postgres_settings: PostgresSettings
) -> None:
    await record(lrs, 0)
    await asyncio.sleep(0.01)
    between = utc_now()
    await record(lrs, 1)
    await targets.add(target(other.url, "since"), utc_now(), since=between)
    await targets.add(target(other.url.replace("xapi", "new"), "new"), utc_now())
    await record(lrs, 2)

    async with forwarding(postgres_settings):
        await until_settled(targets, "since")
        await until_settled(targets, "new")

    by_path = {
        path: [ids for asked in other.requests if asked.path.startswith(path) for ids in asked.ids] for path in ("/xapi", "/new")
    }
    assert by_path == {"/xapi": IDS[1:3], "/new": IDS[2:3]}


async def test_replay_from_a_date_sends_again_what_was_stored_since(
    lrs: Lrs, targets: Targets, other: ScriptedLrs, postgres_settings: PostgresSettings
) -> None:
    await add(targets, other)
    await record(lrs, 0)
    await asyncio.sleep(0.01)
    between = utc_now()
    await record(lrs, 1, 2)

    async with forwarding(postgres_settings):
        await until_settled(targets)
        waiting = await targets.rewind(OTHER, between)
        await until_settled(targets)

    assert waiting == 2
    assert other.posts[-1] == IDS[1:3]


async def test_a_paused_target_gets_nothing_and_then_all(
    lrs: Lrs, targets: Targets, other: ScriptedLrs, postgres_settings: PostgresSettings
) -> None:
    await add(targets, other)
    await targets.pause(OTHER)
    await record(lrs, 0, 1)

    async with forwarding(postgres_settings):
        await asyncio.sleep(0.3)
        before = list(other.requests)
        await targets.resume(OTHER)
        await until_settled(targets)

    assert before == []
    assert other.posts == [IDS[:2]]


async def test_of_several_processes_one_sends_at_a_time(
    lrs: Lrs, targets: Targets, other: ScriptedLrs, postgres_settings: PostgresSettings
) -> None:
    await add(targets, other)

    async with forwarding(postgres_settings), forwarding(postgres_settings), forwarding(postgres_settings):
        for start in range(0, 120, 10):
            await record(lrs, *range(start, start + 10))
            await asyncio.sleep(0.02)
        await until_settled(targets)

    assert [identifier for ids in other.posts for identifier in ids] == IDS


async def test_what_a_killed_process_held_is_taken_over_when_its_lease_ends(
    lrs: Lrs, targets: Targets, other: ScriptedLrs, postgres_settings: PostgresSettings
) -> None:
    await add(targets, other)
    await record(lrs, 0)
    held: Any = (
        "UPDATE forwarding_target SET claimed_by = gen_random_uuid(), claimed_until = clock_timestamp() + interval '0.5 s'"
    )
    await lrs.database.execute(held)

    async with forwarding(postgres_settings):
        await asyncio.sleep(0.25)
        before = list(other.requests)
        await until_settled(targets)

    assert before == []
    assert other.posts == [IDS[:1]]


async def test_a_process_that_is_stopped_lets_another_one_go_on_at_once(
    lrs: Lrs, targets: Targets, other: ScriptedLrs, postgres_settings: PostgresSettings
) -> None:
    other.script = deque([Reply(delay=30, handled=True)])
    await add(targets, other)
    await record(lrs, 0, 1)

    async with forwarding(postgres_settings, Pace(look=0.05, request=60)):
        await eventually(lambda: asked(other))
    async with forwarding(postgres_settings):
        await until_settled(targets)

    assert other.posts == [IDS[:2], IDS[:2]]


async def test_only_what_is_selected_is_sent_and_voidings_follow_what_they_void(
    lrs: Lrs, targets: Targets, other: ScriptedLrs, postgres_settings: PostgresSettings
) -> None:
    course = Selection(activities=("https://acme.slack.com/course/*",))
    await add(targets, other, selection=course)
    await lrs.take(
        request(
            statement(0, object=activity("https://acme.slack.com/course/1")),
            statement(1),
            statement(2, context={"contextActivities": {"parent": [{"id": "https://acme.slack.com/course/2"}]}}),
            voiding(3, 0),
            voiding(4, 1),
            voiding(5, 99),
        )
    )

    async with forwarding(postgres_settings):
        await until_settled(targets)

    assert [number for number, identifier in enumerate(IDS) if identifier in other.statements] == [0, 2, 3, 5]


async def test_where_nothing_is_selected_nothing_is_sent_and_nothing_waits(
    lrs: Lrs, targets: Targets, other: ScriptedLrs, postgres_settings: PostgresSettings
) -> None:
    await add(targets, other, selection=Selection(verbs=("https://verbs.example/none",)))
    await record(lrs, 0, 1)

    async with forwarding(postgres_settings):
        settled = await until_settled(targets)

    assert (settled.lag, other.requests) == (0, [])


async def test_a_redacted_statement_is_sent_redacted(
    lrs: Lrs, targets: Targets, other: ScriptedLrs, postgres_settings: PostgresSettings
) -> None:
    await add(targets, other)
    post = activity("https://acme.slack.com/archives/C1/p0", "rebase like this")
    await lrs.take(request(statement(0, object=post)))
    await lrs.take(request(statement(1, object=activity(post["id"], "a message")), redacts=(post["id"],)))

    async with forwarding(postgres_settings):
        await until_settled(targets)

    assert list(other.statements) == IDS[:2]
    assert b"rebase" not in b"".join(asked.body for asked in other.requests)


async def test_what_a_target_said_of_a_text_is_kept_neither_when_it_is_deleted_nor_afterwards(
    lrs: Lrs, targets: Targets, other: ScriptedLrs
) -> None:
    await add(targets, other)
    posts = [activity(f"https://acme.slack.com/archives/C1/p{number}", "rebase like this") for number in range(3)]
    await lrs.take(request(*(statement(number, object=post) for number, post in enumerate(posts))))
    sending = SendingStore(lrs.database, UUID(int=1), 60)
    name = target(other.url).name
    await sending.settle_letters(name, Settled(0, refusals=tuple(Refusal(seq, 400, "no: rebase like this") for seq in (1, 2))))

    gone = statement(9, object=activity(posts[1]["id"], "a message"))
    await lrs.take(request(gone, redacts=(posts[1]["id"], posts[2]["id"])))
    await sending.settle_letters(name, Settled(0, refusals=(Refusal(3, 400, "no: rebase like this"),)))

    kept = await lrs.database.fetch(Query("SELECT reason FROM forwarding_letter ORDER BY seq"))
    assert [reason for (reason,) in kept] == ["no: rebase like this", "redacted", "redacted"]


async def test_two_that_forward_to_each_other_do_not_play_ping_pong(
    lrs: Lrs, targets: Targets, other: ScriptedLrs, postgres_settings: PostgresSettings
) -> None:
    await add(targets, other, selection=Selection(except_sources=("credential:theirs",)))
    await record(lrs, 0, source="credential:theirs")
    await record(lrs, 1, source="credential:moodle")

    async with forwarding(postgres_settings):
        await until_settled(targets)

    assert list(other.statements) == IDS[1:2]

"""Every fault of a target, and of our own PostgreSQL: nothing is lost, and one sees why it waits."""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import timedelta

import pytest

from services.gateway.forwarding import forwarder
from services.gateway.forwarding.answers import TargetAway
from services.gateway.forwarding.forwarder import Pace
from services.gateway.forwarding.lrs import open_lrs as open_target
from services.gateway.forwarding.sending import STUBBORN
from services.gateway.forwarding.target import Basic, State
from services.gateway.forwarding.targets import Targets
from services.gateway.forwarding.trial import NO_STATEMENT
from services.targets import TARGETS
from shared.clock import utc_now
from shared.postgres import migrate
from shared.postgres.embedded import Server
from shared.settings import PostgresSettings
from tests.support.forwarding import IDS, OTHER, VAULT, add, failed, forwarding, record, standing, stands, until_settled
from tests.support.gateway import eventually
from tests.support.lrs import Lrs, open_lrs
from tests.support.postgres import settings_for
from tests.support.scripted import CUT, CUT_AFTER_TAKING, Reply, ScriptedLrs


@pytest.mark.parametrize(
    "fault",
    [
        Reply(500, b"oops"),
        Reply(503),
        Reply(429, headers=(("Retry-After", "0"),)),
        Reply(401),
        Reply(404),
        Reply(302, headers=(("Location", "https://elsewhere.example/xapi/statements"),)),
        Reply(200, b"<html>Welcome</html>"),
        Reply(200, b'["6690e6c9-3ef0-4ed3-8b37-7f3964730bee"]'),
        Reply(200, delay=1.5),
        CUT,
        CUT_AFTER_TAKING,
    ],
    ids=lambda fault: (
        f"{fault.status}{'-cut' if fault.cut else ''}{'-taken' if fault.handled else ''}-{fault.body[:5]!r}-{fault.delay}"
    ),
)
async def test_an_outage_is_waited_out_and_nothing_is_lost(
    lrs: Lrs, targets: Targets, other: ScriptedLrs, postgres_settings: PostgresSettings, fault: Reply
) -> None:
    other.script = deque([fault, fault])
    await add(targets, other)
    await record(lrs, 0, 1, 2)

    async with forwarding(postgres_settings):
        settled = await until_settled(targets)

    assert other.posts == [IDS[:3]] * 3
    assert list(other.statements) == IDS[:3]
    assert (settled.failures, settled.last_failure, settled.letters) == (0, None, 0)


async def test_while_a_target_is_away_one_sees_why_and_how_far_it_is_behind(
    lrs: Lrs, targets: Targets, other: ScriptedLrs, postgres_settings: PostgresSettings
) -> None:
    other.answer = lambda _: Reply(503, b"maintenance")
    await add(targets, other)
    await record(lrs, 0, 1, 2)

    async with forwarding(postgres_settings) as registry:
        await eventually(lambda: failed(targets, 2))
        seen = await standing(targets)
        lag = registry.get_sample_value("symposia_forwarding_lag_statements", {"target": "other"})

    assert (seen.lag, seen.last_failure, seen.last_forwarded_at) == (3, "503 maintenance", None)
    assert 0 < seen.lag_seconds < 60
    assert lag == 3


async def test_retry_after_is_kept(lrs: Lrs, targets: Targets, other: ScriptedLrs, postgres_settings: PostgresSettings) -> None:
    other.script = deque([Reply(429, headers=(("Retry-After", "60"),))])
    await add(targets, other)
    await record(lrs, 0)

    async with forwarding(postgres_settings):
        await eventually(lambda: failed(targets, 1))
        await asyncio.sleep(0.3)
        waiting = await standing(targets)

    assert len(other.requests) == 1
    assert waiting.retry_at is not None
    assert waiting.retry_at > utc_now() + timedelta(seconds=50)


async def test_one_bad_statement_of_fifty_becomes_a_letter_and_the_others_arrive(
    lrs: Lrs, targets: Targets, other: ScriptedLrs, postgres_settings: PostgresSettings
) -> None:
    other.refused = {IDS[7]: Reply(400, b"we do not like \x00 number 7")}
    await add(targets, other)
    await record(lrs, *range(60))

    async with forwarding(postgres_settings):
        settled = await until_settled(targets)

    (letter,) = await targets.letters(OTHER, 10)
    assert (letter.seq, letter.id, letter.status, letter.reason) == (8, IDS[7], 400, "400 we do not like number 7")
    assert list(other.statements) == [*IDS[:7], *IDS[8:60]]
    assert settled.letters == 1


async def test_letters_are_sent_once_more_when_they_are_replayed(
    lrs: Lrs, targets: Targets, other: ScriptedLrs, postgres_settings: PostgresSettings
) -> None:
    other.refused = {IDS[0]: Reply(400, b"bad"), IDS[1]: Reply(400, b"bad")}
    await add(targets, other)
    await record(lrs, 0, 1, 2)

    async with forwarding(postgres_settings):
        await until_settled(targets)
        other.refused = {IDS[1]: Reply(500, b"still")}
        replayed = await targets.resend_letters(OTHER)
        await until_settled(targets)

    assert replayed == 2
    assert [(letter.id, letter.reason, letter.waiting) for letter in await targets.letters(OTHER, 10)] == [
        (IDS[1], "500 still", False)
    ]
    assert list(other.statements) == [IDS[2], IDS[0]]


async def test_a_target_that_fails_over_one_statement_for_ever_gets_those_behind_it(
    lrs: Lrs, targets: Targets, other: ScriptedLrs, postgres_settings: PostgresSettings
) -> None:
    other.refused = {IDS[1]: Reply(500, b"NullPointerException")}
    await add(targets, other)
    await record(lrs, 0, 1, 2)

    async with forwarding(postgres_settings, Pace(0.02, 1.0, 0.01, 0.02)):
        await until_settled(targets)

    assert [letter.id for letter in await targets.letters(OTHER, 10)] == [IDS[1]]
    assert list(other.statements) == [IDS[0], IDS[2]]
    assert other.posts.count(IDS[:3]) == STUBBORN + 1


async def test_a_target_that_recovers_between_two_statements_gets_both(
    lrs: Lrs, targets: Targets, other: ScriptedLrs, postgres_settings: PostgresSettings
) -> None:
    other.script = deque([Reply(500)] * (STUBBORN + 3))  # the batch again and again, then the first two statements alone
    await add(targets, other)
    await record(lrs, 0, 1, 2)

    async with forwarding(postgres_settings, Pace(0.02, 1.0, 0.01, 0.02)):
        settled = await until_settled(targets)

    assert other.posts[STUBBORN + 1 :] == [IDS[:1], IDS[1:2], IDS[2:3], IDS[:1], IDS[1:2]]
    assert list(other.statements) == [IDS[2], IDS[0], IDS[1]]
    assert settled.letters == 0


async def test_a_target_that_fails_over_everything_is_waited_for(
    lrs: Lrs, targets: Targets, other: ScriptedLrs, postgres_settings: PostgresSettings
) -> None:
    other.answer = lambda _: Reply(500, b"oops")
    await add(targets, other)
    await record(lrs, 0, 1, 2)

    async with forwarding(postgres_settings, Pace(0.02, 1.0, 0.01, 0.02)):
        await eventually(lambda: failed(targets, STUBBORN + 2))
        other.answer = lambda _: None
        settled = await until_settled(targets)

    assert sorted(other.statements) == IDS[:3]
    assert settled.letters == 0


async def test_what_answers_an_empty_list_to_everybody_is_no_lrs_and_is_waited_for(
    lrs: Lrs, targets: Targets, other: ScriptedLrs, postgres_settings: PostgresSettings
) -> None:
    other.answer = lambda request: Reply(body=b"[]") if request.method == "POST" else Reply(404)
    await add(targets, other)
    await record(lrs, 0, 1)

    async with forwarding(postgres_settings):
        await eventually(lambda: failed(targets, 2))

    assert (await standing(targets)).letters == 0


async def test_a_target_that_refuses_everything_is_paused_before_the_record_is_drained(
    lrs: Lrs, targets: Targets, other: ScriptedLrs, postgres_settings: PostgresSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarder, "FLOOD", 5)
    other.answer = lambda _: Reply(400, b"no")
    await add(targets, other)
    await record(lrs, *range(20))

    async with forwarding(postgres_settings):
        await eventually(lambda: stands(targets, State.PAUSED))
        paused = await standing(targets)

    assert (paused.letters, paused.lag) == (5, 15)
    assert paused.last_failure == ("5 statements in a row were refused, with 400: `symposia forwarding letters other` says why")


async def test_an_outage_of_our_own_postgresql_is_waited_out_too(server: Server, other: ScriptedLrs) -> None:
    await migrate(server.dsn, TARGETS)
    settings = settings_for(server.dsn, acquire_timeout=0.5)
    async with open_lrs(settings) as lrs, forwarding(settings):
        targets = Targets(lrs.database, VAULT)
        await add(targets, other)
        await record(lrs, 0)
        await until_settled(targets)
        await asyncio.to_thread(server.stop)
        await asyncio.sleep(0.3)
        await asyncio.to_thread(server.start)
        await record(lrs, 1)
        await until_settled(targets)

    assert other.posts == [IDS[:1], IDS[1:2]]


async def test_a_connection_that_a_target_closes_behind_its_answer_is_opened_anew(targets: Targets, other: ScriptedLrs) -> None:
    """RFC 9112 §9.5; uvicorn, and so Ralph, closes it behind each 500 that it did not foresee."""
    await add(targets, other)
    other.script = deque([Reply(500), CUT, Reply(400), CUT, CUT])

    async with open_target(await targets.find(OTHER), Basic("key", "secret"), utc_now, 1.0) as lrs:
        statuses = [(await lrs.send("POST", NO_STATEMENT)).status for _ in range(2)]
        with pytest.raises(TargetAway):
            await lrs.send("POST", NO_STATEMENT)

    assert statuses == [500, 400]
    assert len(other.requests) == 5

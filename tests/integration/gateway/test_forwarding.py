"""Forwarding: in order, once, and through every fault of a target."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from services.gateway.domain.selection import Selection
from services.gateway.forwarding import forwarder
from services.gateway.forwarding.addresses import trust
from services.gateway.forwarding.forwarder import Pace
from services.gateway.forwarding.sending import STUBBORN
from services.gateway.forwarding.target import BadTarget, ClientCredentials, State, TargetName, UnknownTarget
from services.gateway.forwarding.targets import Targets
from services.gateway.forwarding.trial import try_target
from services.targets import TARGETS
from shared.clock import utc_now
from shared.postgres import migrate
from shared.postgres.embedded import Server
from shared.settings import PostgresSettings
from shared.vault import Sealed
from tests.support.certificates import self_signed, server_side
from tests.support.forwarding import VAULT, forwarding, standing, target, until_settled
from tests.support.gateway import eventually
from tests.support.lrs import Lrs, open_lrs
from tests.support.postgres import settings_for
from tests.support.received import activity, id_of, request, statement, voiding
from tests.support.scripted import CUT, CUT_AFTER_TAKING, Reply, ScriptedLrs, scripted_lrs

OTHER = TargetName("other")
IDS = [id_of(number) for number in range(120)]


@pytest.fixture
async def lrs(postgres_settings: PostgresSettings) -> AsyncIterator[Lrs]:
    async with open_lrs(postgres_settings) as opened:
        yield opened


@pytest.fixture
def targets(lrs: Lrs) -> Targets:
    return Targets(lrs.database, VAULT)


@pytest.fixture
async def other() -> AsyncIterator[ScriptedLrs]:
    async with scripted_lrs() as scripted:
        yield scripted


async def record(lrs: Lrs, *numbers: int, **changes: Any) -> None:
    await lrs.take(request(*(statement(number) for number in numbers), **changes))


async def add(targets: Targets, other: ScriptedLrs, **changes: Any) -> None:
    await targets.add(target(other.url, **changes), utc_now())


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
        await eventually(lambda: _failed(targets, 2))
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
        await eventually(lambda: _failed(targets, 1))
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


async def test_a_target_that_fails_over_everything_is_waited_for(
    lrs: Lrs, targets: Targets, other: ScriptedLrs, postgres_settings: PostgresSettings
) -> None:
    other.answer = lambda _: Reply(500, b"oops")
    await add(targets, other)
    await record(lrs, 0, 1, 2)

    async with forwarding(postgres_settings, Pace(0.02, 1.0, 0.01, 0.02)):
        await eventually(lambda: _failed(targets, STUBBORN + 2))
        other.answer = lambda _: None
        settled = await until_settled(targets)

    assert list(other.statements) == IDS[:3]
    assert settled.letters == 0


async def test_a_conflict_over_what_the_target_has_already_is_a_repetition_and_over_other_content_a_letter(
    lrs: Lrs, targets: Targets, other: ScriptedLrs, postgres_settings: PostgresSettings
) -> None:
    same = {**statement(0), "stored": "2026-02-01T00:00:00Z", "authority": {"mbox": "mailto:their@lrs.example"}}
    other.statements = {IDS[0]: orjson.dumps(same), IDS[1]: orjson.dumps(statement(1, result={"success": True}))}
    other.refused = {IDS[0]: Reply(409), IDS[1]: Reply(409), IDS[2]: Reply(409, b"never heard of it")}
    await add(targets, other)
    await record(lrs, 0, 1, 2, 3)

    async with forwarding(postgres_settings):
        await until_settled(targets)

    assert [(letter.id, letter.reason) for letter in await targets.letters(OTHER, 10)] == [
        (IDS[1], "409 the target has other content under this id"),
        (IDS[2], "409 never heard of it"),
    ]
    assert IDS[3] in other.statements


async def test_a_target_that_refuses_everything_is_paused_before_the_record_is_drained(
    lrs: Lrs, targets: Targets, other: ScriptedLrs, postgres_settings: PostgresSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarder, "FLOOD", 5)
    other.answer = lambda _: Reply(400, b"no")
    await add(targets, other)
    await record(lrs, *range(20))

    async with forwarding(postgres_settings):
        await eventually(lambda: _is(targets, State.PAUSED))
        paused = await standing(targets)

    assert (paused.letters, paused.lag) == (5, 15)
    assert paused.last_failure == "5 statements in a row were refused: 400 no"


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
        await eventually(lambda: _asked(other))
    async with forwarding(postgres_settings):
        await until_settled(targets)

    assert other.posts == [IDS[:2], IDS[:2]]


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


async def test_tls_is_verified_for_the_name(
    lrs: Lrs, targets: Targets, postgres_settings: PostgresSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificates = [self_signed(name, tmp_path) for name in ("localhost", "elsewhere.example")]
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(b"".join(certificate.read_bytes() for certificate in certificates))
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    async with scripted_lrs(server_side(certificates[0])) as known, scripted_lrs(server_side(certificates[1])) as other:
        trust.cache_clear()
        await targets.add(target(known.url, "known"), utc_now())
        await add(targets, other)
        await record(lrs, 0)
        async with forwarding(postgres_settings):
            await until_settled(targets, "known")
            await eventually(lambda: _failed(targets, 1))
            seen = await standing(targets)
    trust.cache_clear()

    assert list(known.statements) == IDS[:1]
    assert "Hostname mismatch" in (seen.last_failure or "")
    assert other.requests == []


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


async def test_two_that_forward_to_each_other_do_not_play_ping_pong(
    lrs: Lrs, targets: Targets, other: ScriptedLrs, postgres_settings: PostgresSettings
) -> None:
    await add(targets, other, selection=Selection(except_sources=("credential:theirs",)))
    await record(lrs, 0, source="credential:theirs")
    await record(lrs, 1, source="credential:moodle")

    async with forwarding(postgres_settings):
        await until_settled(targets)

    assert list(other.statements) == IDS[1:2]


async def test_oauth_asks_for_one_token_and_for_another_when_it_is_refused(
    lrs: Lrs, targets: Targets, other: ScriptedLrs, postgres_settings: PostgresSettings
) -> None:
    tokens = deque([b"first", b"second"])

    def answer(asked: Any) -> Reply | None:
        if asked.path == "/token":
            return Reply(body=b'{"access_token": "%b", "expires_in": 3600}' % tokens.popleft())
        return Reply(401) if asked.headers["authorization"] == "Bearer first" and len(other.requests) > 2 else None

    other.answer = answer
    client = ClientCredentials(other.url.replace("xapi", "token"), "client", "hush", "statements/write")
    await add(targets, other, authentication=client)
    await record(lrs, *range(60))

    async with forwarding(postgres_settings):
        await until_settled(targets)

    asked = [(each.path, each.headers["authorization"]) for each in other.requests]
    assert asked == [
        ("/token", "Basic Y2xpZW50Omh1c2g="),
        ("/xapi/statements", "Bearer first"),
        ("/xapi/statements", "Bearer first"),
        ("/token", "Basic Y2xpZW50Omh1c2g="),
        ("/xapi/statements", "Bearer second"),
    ]
    assert other.requests[0].body == b"grant_type=client_credentials&scope=statements%2Fwrite"
    assert len(other.statements) == 60


async def test_a_private_address_is_used_only_where_the_operator_allows_it(
    lrs: Lrs, targets: Targets, other: ScriptedLrs, postgres_settings: PostgresSettings
) -> None:
    await targets.add(target(other.url.replace("http:", "https:"), private_network=False), utc_now())
    await record(lrs, 0)

    async with forwarding(postgres_settings):
        await eventually(lambda: _failed(targets, 1))
        seen = await standing(targets)

    assert seen.last_failure == "127.0.0.1 is an address of a private network, which this target may not use"
    assert other.requests == []


async def test_secrets_are_sealed_for_their_target(lrs: Lrs, targets: Targets, other: ScriptedLrs) -> None:
    await add(targets, other)
    found = await targets.find(OTHER)

    assert b"secret" not in found.sealed
    with pytest.raises(Sealed):
        VAULT.open_for(TargetName("another"), found.sealed)


async def test_a_rotated_secret_is_shown(
    lrs: Lrs, targets: Targets, other: ScriptedLrs, postgres_settings: PostgresSettings
) -> None:
    await add(targets, other)
    await targets.rotate(OTHER, "key", "newer")
    await record(lrs, 0)

    async with forwarding(postgres_settings):
        await until_settled(targets)

    assert other.requests[0].headers["authorization"] == "Basic a2V5Om5ld2Vy"


async def test_a_removed_target_leaves_nothing_and_an_unknown_one_is_told(targets: Targets, other: ScriptedLrs) -> None:
    await add(targets, other)
    with pytest.raises(BadTarget):
        await add(targets, other)
    await targets.remove(OTHER)

    assert await targets.standings() == []
    with pytest.raises(UnknownTarget):
        await targets.pause(OTHER)
    with pytest.raises(UnknownTarget):
        await targets.letters(OTHER, 1)


async def test_a_trial_tells_whether_the_key_may_write_and_stores_nothing(targets: Targets, other: ScriptedLrs) -> None:
    await add(targets, other)
    found = await targets.find(OTHER)

    said = await try_target(found, VAULT, utc_now)
    other.script = deque([Reply(body=b'{"version": ["1.0.3"]}'), Reply(401, b"who are you?")])
    with pytest.raises(BadTarget, match="does not let us write statements: 401 who are you"):
        await try_target(found, VAULT, utc_now)

    assert said[0].endswith("speaks xAPI 1.0.3, 2.0.0.")
    assert other.statements == {}


async def _asked(other: ScriptedLrs) -> bool:
    return bool(other.requests)


async def _failed(targets: Targets, times: int) -> bool:
    return (await standing(targets)).failures >= times


async def _is(targets: Targets, state: State) -> bool:
    return (await standing(targets)).state is state

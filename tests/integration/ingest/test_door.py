"""The door for webhooks: what it takes, what it refuses, and with which status."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import orjson
import pytest

from services.ingest.domain.source import Platform, SourceId
from services.ingest.settings import AskingSettings
from shared.contracts import NOTICED
from tests.integration.ingest.conftest import House, post
from tests.support.discourse import discourse, discourse_post
from tests.support.ingest import SECRET, Sent
from tests.support.matrix import MATRIX, message, transaction
from tests.support.signing import sign
from tests.support.slack import SLACK, slack, slack_conversation, slack_message, slack_reaction
from tests.support.teams import message as said
from tests.support.teams import notified, resource_of, teams
from tests.support.webex import participant, presence
from tests.support.webmention import webmention

QUESTION = slack(slack_message("UASK", "1772452800.000100", "How?"))
TOPIC = discourse("post", "post_created", discourse_post(11, 57, 1, "It hangs.", "2026-03-02T12:00:00.000Z"))


@pytest.mark.parametrize("sent", [QUESTION, TOPIC], ids=["slack", "discourse"])
async def test_a_genuine_delivery_is_in_the_log_before_it_is_answered(house: House, sent: Sent) -> None:
    async with house.open() as client:
        answer = await post(client, sent)

    assert (answer.status_code, answer.json()["heard"]) == (200, 1)
    await house.tell()
    assert len(house.ear().told()) == 1
    taken = {"platform": sent.source.platform, "source": sent.source.id, "outcome": "taken"}
    assert house.count("symposia_ingest_deliveries_total", **taken) == 1


@pytest.mark.parametrize("sent", [QUESTION, TOPIC], ids=["slack", "discourse"])
async def test_a_delivery_that_was_taken_changes_nothing(house: House, sent: Sent) -> None:
    async with house.open() as first:
        await post(first, sent)
        repeated = await post(first, sent)
    async with house.open() as another_process:
        after_a_restart = await post(another_process, sent)

    assert (repeated.status_code, after_a_restart.status_code) == (200, 200)
    assert repeated.json()["heard"] == 0
    await house.tell()
    assert len(house.ear().told()) == 1


REACTED = notified("updated", resource_of(said(1, "11:31:00.123", "Drain it first.")))
REACTED_TWICE = teams({**REACTED, "resourceData": {**REACTED["resourceData"], "id": "1772451060123"}})
LEFT_TWICE = presence("left", 2, participant(2, "11:01:00", "11:40:00"))


@pytest.mark.parametrize("sent", [REACTED_TWICE, LEFT_TWICE], ids=["teams", "webex"])
async def test_what_only_names_what_changed_is_asked_for_each_time(house: House, sent: Sent) -> None:
    async with house.open() as client:
        answers = [(await post(client, sent)).status_code for _ in range(2)]

    noticed = [record for topic, records in house.log.records.items() if topic.topic == NOTICED.name for record in records]
    assert answers == [200, 200]
    assert len(noticed) == 2


@pytest.mark.parametrize("sent", [QUESTION, TOPIC], ids=["slack", "discourse"])
async def test_a_forged_delivery_is_401_counted_and_not_stored(house: House, sent: Sent) -> None:
    async with house.open() as client:
        forged = await post(client, sent, {**sent.headers, **sign(sent.source.platform, sent.body, b"no secret", house.now)})
        unsigned = await post(client, sent, {})

    assert (forged.status_code, unsigned.status_code) == (401, 401)
    assert forged.headers["content-type"] == "application/problem+json"
    assert house.count("symposia_ingest_refused_total", platform=sent.source.platform, reason="forged") == 1
    assert not house.ear().told()
    assert await house.database.fetchval("SELECT count(*) FROM artefact") == 0  # type: ignore[arg-type]


async def test_a_stale_delivery_is_401(house: House) -> None:
    async with house.open() as client:
        answer = await post(client, QUESTION, QUESTION.signed(house.now - timedelta(seconds=301)))

    assert answer.status_code == 401
    assert house.count("symposia_ingest_refused_total", platform="slack", reason="stale") == 1


async def test_slack_is_told_not_to_retry_what_is_refused(house: House) -> None:
    async with house.open() as client:
        answer = await post(client, QUESTION, {})

    assert answer.headers["x-slack-no-retry"] == "1"


async def test_the_handshake_is_answered(house: House) -> None:
    handshake = Sent(SLACK, {"token": "t", "challenge": "3eZbrw1a", "type": "url_verification"})

    async with house.open() as client:
        answer = await post(client, handshake)

    assert (answer.status_code, answer.text) == (200, "3eZbrw1a")


BOMBS = {
    "no json": b"token=xyzz0WbapA4vBCDEFasx0q6G",
    "nothing": b"",
    "no object": b"[]",
    "deep": b'{"a":' * 50_000,
    "deep and closed": b'{"event":' + b"[" * 500 + b"]" * 500 + b"}",
    "many values": b'{"a":[' + b"1," * 100_001 + b"1]}",
    "long number": b'{"a":' + b"9" * 10_000 + b"}",
    "large exponent": b'{"a":1e999999999}',
    "duplicate keys": b'{"type":"a","type":"b"}',
    "not utf-8": b'{"a":"\xff"}',
    "broken escape": b'{"a":"\\ud8"}',
    "nan": b'{"a":NaN}',
}


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.parametrize("platform", [Platform.SLACK, Platform.DISCOURSE])
async def test_what_is_no_json_that_we_take_is_400_with_the_reason(house: House, name: str, platform: Platform) -> None:
    body = BOMBS[name]
    source = "acme" if platform is Platform.SLACK else "forum"

    async with house.open() as client:
        answer = await client.post(f"/hooks/{platform}/{source}", content=body, headers=sign(platform, body, SECRET, house.now))

    assert answer.status_code == (413 if len(body) > 64_000 else 400)
    assert answer.json()["detail"]


async def test_a_compressed_body_is_415(house: House) -> None:
    async with house.open() as client:
        answer = await post(client, QUESTION, {**QUESTION.signed(), "content-encoding": "gzip"})

    assert answer.status_code == 415


@pytest.mark.parametrize("path", ["/hooks/slack/nobody", "/hooks/myspace/acme", "/hooks/discourse/acme", "/hooks/slack/%00"])
async def test_a_door_that_is_not_there_is_404(house: House, path: str) -> None:
    async with house.open() as client:
        answer = await client.post(path, content=QUESTION.body, headers=QUESTION.signed())

    assert answer.status_code == 404


async def test_of_what_comes_to_nobody_no_body_is_read(house: House) -> None:
    async def endless() -> AsyncIterator[bytes]:
        raise AssertionError("the body is read")
        yield b""

    async with house.open() as client:
        answer = await client.post("/hooks/slack/nobody", content=endless())

    assert answer.status_code == 404


async def test_what_is_not_ours_is_2xx_and_counted_with_its_reason(house: House) -> None:
    async with house.open() as client:
        answer = await post(client, slack(slack_message("UBOT", "1772452800.000100", "Beep", bot_id="B1")))
        incomplete = await post(client, slack({"type": "message", "channel": "C1"}))

    assert (answer.status_code, answer.json()["ignored"]) == (200, ["bot"])
    assert (incomplete.status_code, incomplete.json()["ignored"]) == (200, ["incomplete"])
    assert house.count("symposia_ingest_ignored_total", platform="slack", source="acme", reason="bot") == 1
    assert not house.ear().told()


async def test_an_outage_of_the_log_is_503_and_the_retry_is_taken(house: House) -> None:
    async with house.open() as client:
        house.log.faults.outage = True
        refused = await post(client, QUESTION)
        house.log.faults.outage = False
        retried = await post(client, QUESTION)

    assert (refused.status_code, retried.status_code) == (503, 200)
    assert int(refused.headers["retry-after"]) >= 1
    await house.tell()
    assert len(house.ear().told()) == 1


async def test_a_log_that_does_not_answer_is_503_within_the_deadline(house: House) -> None:
    async with house.open() as client, house.log.appended:
        answer = await post(client, QUESTION)

    assert answer.status_code == 503
    assert answer.elapsed.total_seconds() < 3


async def test_a_private_channel_is_remembered_for_what_does_not_name_its_kind(house: House) -> None:
    private = slack(slack_message("U1", "1772452800.000100", "Psst", channel="C1", channel_type="group"))
    reaction = slack(slack_reaction("U2", "1772452800.000100", "eyes", "1772452900.000100"))

    async with house.open() as client:
        await post(client, private)
        answer = await post(client, reaction)

    assert answer.json()["ignored"] == ["private_channel"]


async def test_the_new_and_the_old_secret_sign_until_the_old_one_is_retired(house: House) -> None:
    source, new = SourceId("acme"), b"the new signing secret"
    await house.sources.rotate(source, new)

    async with house.open() as client:
        statuses = [(await post(client, each, each.signed(secret=secret))).status_code
                    for each, secret in zip(slack_conversation()[:2], (SECRET, new), strict=True)]  # fmt: skip
    await house.sources.retire(source)
    async with house.open() as client:
        retired = await post(client, QUESTION)

    assert (statuses, retired.status_code) == ([200, 200], 401)


async def test_a_delivery_to_a_paused_source_is_2xx_and_not_told(house: House) -> None:
    await house.sources.pause(SourceId("acme"))

    async with house.open() as client:
        answer = await post(client, QUESTION)

    assert (answer.status_code, answer.json()["ignored"]) == (200, ["paused"])
    assert not house.ear().told()


async def test_what_is_refused_names_no_person(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    async with house.open() as client:
        await post(client, QUESTION, {})
        await post(client, slack({**orjson.loads(QUESTION.body)["event"], "ts": None}))

    written = capsys.readouterr()
    assert "UASK" not in written.out + written.err
    assert "How?" not in written.out + written.err


async def test_a_homeserver_puts_its_transactions_below_the_address_of_its_source(house: House) -> None:
    sent = transaction(message("ask", "ann", "How?" + "!" * 100_000, "12:00:00"))
    address = f"/hooks/matrix/{MATRIX.id}/_matrix/app/v1/transactions"

    async with house.open() as client:
        answers = [await client.put(f"{address}/{name}", content=sent.body, headers=sent.signed()) for name in (1, 1, 2)]
        asked = await client.get(f"/hooks/matrix/{MATRIX.id}/_matrix/app/v1/users/@ann:acme.example", headers=sent.signed())

    assert [each.status_code for each in answers] == [200, 200, 200]
    assert asked.status_code == 405
    await house.tell()
    assert len(house.ear().told()) == 1


async def test_strangers_name_no_more_than_can_be_asked_for(house: House) -> None:
    house.settings = house.settings.model_copy(
        update={"ingest": house.settings.ingest.model_copy(update={"asking": AskingSettings(crowd=2)})}
    )
    async with house.open() as client:
        answers = [await post(client, webmention(f"https://stranger.example/{number}")) for number in range(4)]
        ours_to_ignore = await post(client, webmention("https://stranger.example/", "https://elsewhere.example/"))

    noticed = [record for topic, records in house.log.records.items() if topic.topic == NOTICED.name for record in records]
    assert [each.status_code for each in answers] == [200, 200, 429, 429]
    assert answers[-1].headers["retry-after"] == "600"
    assert ours_to_ignore.status_code == 200
    assert len(noticed) == 2
    assert house.count("symposia_ingest_refused_total", platform="webmention", reason="crowded") == 2

"""`/v1/sources`: what operators see of the platforms that are heard."""

from __future__ import annotations

from datetime import timedelta

from services.gateway.domain.credential import Scope
from shared.clock import utc_now
from shared.postgres import Query
from tests.support.description import faults_of
from tests.support.gateway import Doors

ADD = Query(
    "INSERT INTO ingest.source (id, platform, workspace, sealed_secret, sealed_token, options, channels, excluded, created_at)"
    " VALUES ('acme', 'slack', 'https://acme.slack.com', 'SEALED', 'TOKEN', '{\"key\": \"HIDDEN\"}', '{C1}', '{B1,B2}', now())"
)
COUNT = Query("INSERT INTO ingest.tally (source, span, what, reason, number) VALUES ('acme', $1, $2, $3, $4)")
HEARD = Query("INSERT INTO ingest.heard (source, last_event_at) VALUES ('acme', $1)")
POLL = Query(
    "INSERT INTO ingest.poll (source, name, cursor, due, failures, last_failure)"
    " VALUES ('acme', 'channels', '', now(), 4, 'answered 500')"
)


async def plant(doors: Doors) -> None:
    now = utc_now()
    await doors.database.execute(ADD)
    await doors.database.execute(HEARD, now)
    await doors.database.execute(POLL)
    for age, what, reason, number in (
        (0, "event", "", 5),
        (3, "event", "", 7),
        (0, "lag", "1", 4),
        (0, "ignored", "bot", 2),
        (1, "ignored", "unmapped", 9),
        (0, "refused", "forged", 3),
    ):
        await doors.database.execute(COUNT, now - timedelta(hours=age, minutes=1), what, reason, number)


async def test_a_source_is_told_with_its_numbers_and_without_its_secrets(doors: Doors) -> None:
    await plant(doors)
    client = await doors.client(Scope.SOURCES_READ)

    answer = await client.get("/v1/sources")
    one = await client.get("/v1/sources/acme")

    assert faults_of(answer.json(), "Sources") == faults_of(one.json(), "Source") == []
    [told] = answer.json()["sources"]
    assert one.json() | {"as_of": ""} == told | {"as_of": ""}
    assert (told["platform"], told["workspace"], told["state"]) == ("slack", "https://acme.slack.com", "active")
    assert told["events"] == {"last_hour": 5, "last_day": 12}
    assert told["statements"] == {"last_hour": 4, "last_day": 4}
    assert list(told["ignored"].items()) == [("unmapped", 9), ("bot", 2)]
    assert told["refused"] == {"forged": 3}
    assert told["event_to_log_seconds"] == {"half_within": 1.0, "most_within": 1.0}
    assert (told["asking"]["failures_in_a_row"], told["asking"]["last_failure"]) == (4, "answered 500")
    assert told["asking"]["last_success_at"] is None
    assert told["policy"] == {
        "keeps": "metadata", "channels": ["C1"], "private": False, "direct": False, "excluded_accounts": 2,
    }  # fmt: skip
    assert told["last_event_at"].endswith("Z")
    assert not any(secret in answer.text for secret in ("SEALED", "TOKEN", "HIDDEN", "B1"))


async def test_head_is_answered_like_get_without_what_it_would_hold(doors: Doors) -> None:
    await plant(doors)
    client = await doors.client(Scope.SOURCES_READ)

    answer = await client.http.head("/v1/sources/acme", headers=client.headers)
    unknown = await client.http.head("/v1/sources/other", headers=client.headers)

    assert (answer.status_code, answer.headers["content-type"], answer.content) == (200, "application/json", b"")
    assert (unknown.status_code, unknown.content) == (404, b"")


async def test_sources_are_read_by_those_who_may(doors: Doors) -> None:
    for scope in Scope:
        client = await doors.client(scope)

        assert ((await client.get("/v1/sources")).status_code == 200) is (scope is Scope.SOURCES_READ), scope


async def test_what_nobody_reads_and_whom_nobody_knows_is_told(doors: Doors) -> None:
    client = await doors.client(Scope.SOURCES_READ)

    assert (await client.get("/v1/sources")).json()["sources"] == []
    assert (await client.get("/v1/sources/nobody")).status_code == 404
    assert (await client.get("/v1/sources/%00")).status_code == 404
    assert (await client.get("/v1/sources", limit="1")).status_code == 400

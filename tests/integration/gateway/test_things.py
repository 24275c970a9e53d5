"""The resources Activities and Agents, and the format canonical, over HTTP (1.0.3 Communication §2.1.3, §2.4, §2.5)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.gateway.domain.credential import Scope
from services.gateway.domain.keys import activity_key
from services.targets import TARGETS
from shared.postgres import migrate
from shared.postgres.embedded import Server
from tests.support.definitions import table
from tests.support.gateway import Client, Doors, eventually, open_doors, settings_of, statement
from tests.support.postgres import settings_for

ACTIVITIES, AGENTS = "/xapi/activities", "/xapi/agents"
COURSE = "https://lms.example/course/7"
ANN = {"objectType": "Agent", "mbox": "mailto:ann@example.org"}


def about(iri: str = COURSE, **definition: Any) -> dict[str, Any]:
    return statement(object={"objectType": "Activity", "id": iri, "definition": definition})


async def defined(doors: Doors, iri: str = COURSE) -> None:
    """Wait until the consumer has heard of the activity."""

    async def there() -> bool:
        return activity_key(iri) in await table(doors.database)

    await eventually(there)


@pytest.mark.parametrize("version", ["1.0.3", "2.0.0"])
async def test_communication_2_5_the_full_activity_is_found_as_soon_as_it_was_posted(client: Client, version: str) -> None:
    definition: dict[str, Any] = {
        "name": {"en": "Git", "de": "Git"},
        "type": "https://x.org/course",
        "extensions": {"https://x.org/e": [1, 2.5]},
    }
    await client.post(about(name={"en": "Old"}, moreInfo="https://x.org/more"))
    await client.post(about(**definition))

    headers = {**client.headers, "X-Experience-API-Version": version}
    response = await client.http.get(ACTIVITIES, params={"activityId": COURSE}, headers=headers)

    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-experience-api-version"] == version
    assert response.json() == {
        "objectType": "Activity",
        "id": COURSE,
        "definition": {**definition, "moreInfo": "https://x.org/more"},
    }


async def test_communication_2_5_an_activity_that_nobody_defined_is_the_bare_object(client: Client) -> None:
    response = await client.get(ACTIVITIES, activityId="https://x.org/unheard/of")

    assert response.json() == {"objectType": "Activity", "id": "https://x.org/unheard/of"}


async def test_communication_2_5_what_is_merged_is_what_was_found_before(doors: Doors, client: Client) -> None:
    await client.post(about(name={"en": "A"}))
    before = await client.get(ACTIVITIES, activityId=COURSE)

    await defined(doors)

    after = await client.get(ACTIVITIES, activityId=COURSE)
    assert (after.content, after.headers["etag"]) == (before.content, before.headers["etag"])


async def test_communication_1_6_head_answers_as_get_without_a_body(client: Client) -> None:
    for path, asked in ((ACTIVITIES, {"activityId": COURSE}), (AGENTS, {"agent": json.dumps(ANN)})):
        got = await client.get(path, **asked)
        response = await client.http.head(path, params=asked, headers=client.headers)

        assert (response.status_code, response.content) == (200, b"")
        assert response.headers["etag"] == got.headers["etag"]


async def test_communication_2_4_a_person_has_arrays_and_the_names_that_were_told_the_newest_first(client: Client) -> None:
    await client.post([statement(actor={**ANN, "name": "Ann"}), statement(actor={**ANN, "name": "Ann Lee"})])
    await client.post([statement(actor=ANN), statement(context={"instructor": {**ANN, "name": "A. Lee"}})])
    await client.post(statement(actor={"name": "Bob", "mbox": "mailto:bob@example.org"}))

    response = await client.get(AGENTS, agent=json.dumps(ANN))

    assert response.status_code == 200
    assert response.json() == {"objectType": "Person", "name": ["A. Lee", "Ann Lee", "Ann"], "mbox": ["mailto:ann@example.org"]}


@pytest.mark.parametrize(
    "agent",
    [
        {"mbox": "mailto:nobody@example.org", "name": "Nobody"},
        {"mbox_sha1sum": "a" * 40},
        {"openid": "https://id.example.org/n"},
        {"account": {"homePage": "https://x.org", "name": "n"}},
    ],
)
async def test_communication_2_4_an_agent_of_whom_nothing_is_known_is_a_person_of_what_was_asked(
    client: Client, agent: dict[str, Any]
) -> None:
    response = await client.get(AGENTS, agent=json.dumps(agent))

    assert response.json() == {"objectType": "Person", **{name: [value] for name, value in agent.items()}}


@pytest.mark.parametrize(
    ("path", "parameters", "reason"),
    [
        (ACTIVITIES, {}, "required"),
        (ACTIVITIES, {"activityId": "no iri"}, "activityId"),
        (ACTIVITIES, {"activityId": COURSE, "limit": "1"}, "no such parameter"),
        (AGENTS, {}, "required"),
        (AGENTS, {"agent": "ann"}, "agent"),
        (AGENTS, {"agent": "{}"}, "agent"),
        (AGENTS, {"agent": '{"objectType":"Group","mbox":"mailto:t@x.org"}'}, "Group"),
        (AGENTS, {"agent": '{"mbox":"mailto:a@x.org","openid":"https://x.org"}'}, "agent"),
    ],
)
async def test_communication_1_1_a_wrong_parameter_is_refused_with_its_reason(
    client: Client, path: str, parameters: dict[str, str], reason: str
) -> None:
    response = await client.get(path, **parameters)

    assert response.status_code == 400
    assert reason in response.json()["detail"]


async def test_communication_4_2_scopes_say_who_may_ask_what(doors: Doors) -> None:
    async def asked(*scopes: Scope) -> tuple[int, int]:
        client = await doors.client(*scopes)
        activity = await client.get(ACTIVITIES, activityId=COURSE)
        return activity.status_code, (await client.get(AGENTS, agent=json.dumps(ANN))).status_code

    assert await asked(Scope.ALL_READ) == (200, 200)
    assert await asked(Scope.STATEMENTS_READ) == (200, 200)
    assert await asked(Scope.STATEMENTS_READ_MINE) == (200, 403)
    assert await asked(Scope.STATEMENTS_WRITE) == (403, 403)


async def test_data_4_1_11_canonical_shows_the_merged_definition_in_one_language_and_exact_what_was_sent(
    doors: Doors, client: Client
) -> None:
    sent = about(name={"en": "First"})
    await client.post(sent)
    await client.post(about(name={"en": "Git", "de": "Git auf Deutsch"}, description={"en": "About", "fr": "Sur"}))

    async def merged() -> bool:
        return b"Git auf Deutsch" in (await table(doors.database)).get(activity_key(COURSE), b"")

    await eventually(merged)

    headers = {**client.headers, "Accept-Language": "de-AT, en;q=0.5"}
    one = await client.http.get("/xapi/statements", params={"statementId": sent["id"], "format": "canonical"}, headers=headers)
    page = await client.http.get("/xapi/statements", params={"format": "canonical"}, headers=headers)
    exact = await client.get(statementId=sent["id"])
    shown = {"name": {"de": "Git auf Deutsch"}, "description": {"en": "About"}}
    assert one.json()["object"]["definition"] == shown
    assert one.json()["verb"]["display"] == {"de": "antwortete"}
    assert [each["object"]["definition"] for each in page.json()["statements"]] == [shown, shown]
    assert exact.json()["object"]["definition"] == {"name": {"en": "First"}}


async def test_while_postgresql_is_down_things_are_asked_for_later(server: Server) -> None:
    await migrate(server.dsn, TARGETS)
    async with open_doors(settings_of(settings_for(server.dsn))) as doors:
        client = await doors.client()
        assert (await client.get(ACTIVITIES, activityId=COURSE)).status_code == 200

        server.kill()

        for path, asked in ((ACTIVITIES, {"activityId": COURSE}), (AGENTS, {"agent": json.dumps(ANN)})):
            response = await client.get(path, **asked)
            assert response.status_code == 503
            assert int(response.headers["retry-after"]) > 0
        server.start()

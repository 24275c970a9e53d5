"""What each scope lets a credential do (1.0.3 Communication §4.2)."""

from __future__ import annotations

from typing import Any

import pytest

from services.gateway.domain.credential import OF_AN_ACTIVITY_PROVIDER, Scope
from shared.postgres import Query
from tests.support.gateway import Client, Doors, eventually, statement

ALL_MERGED = Query(
    "SELECT sum(next_offset) = (SELECT count(*) FROM statement) FROM consumer_offset WHERE group_name = 'definitions'"
)
VOIDED = {"id": "http://adlnet.gov/expapi/verbs/voided"}


async def asked(client: Client, method: str, path: str, **options: Any) -> int:
    return (await client.http.request(method, path, headers=client.headers, **options)).status_code


@pytest.mark.parametrize(
    ("scope", "may_write", "may_read"),
    [
        (Scope.STATEMENTS_WRITE, True, False),
        (Scope.STATEMENTS_READ_MINE, False, True),
        (Scope.STATEMENTS_READ, False, True),
        (Scope.ALL_READ, False, True),
        (Scope.ALL, True, True),
        (Scope.DEFINE, False, False),
        (Scope.STATE, False, False),
        (Scope.PROFILE, False, False),
        (Scope.IMPACT_READ, False, False),
    ],
)
async def test_statements_are_written_and_read_by_those_who_may(
    doors: Doors, scope: Scope, *, may_write: bool, may_read: bool
) -> None:
    client = await doors.client(scope)
    sent = statement()

    assert (await asked(client, "POST", "/xapi/statements", json=sent) == 200) is may_write
    assert (await asked(client, "PUT", "/xapi/statements", json=sent, params={"statementId": sent["id"]}) == 204) is may_write
    assert (await asked(client, "GET", "/xapi/statements") == 200) is may_read
    assert (await asked(client, "GET", "/xapi/statements", params={"statementId": sent["id"]}) in {200, 404}) is may_read


async def test_mine_are_the_statements_that_the_credential_itself_vouches_for(doors: Doors) -> None:
    mine, other = await doors.client(*OF_AN_ACTIVITY_PROVIDER), await doors.client()
    own, foreign = statement(), statement()
    await mine.post(own)
    await other.post(foreign)

    assert await mine.ids() == [own["id"]]
    assert (await mine.get(statementId=own["id"])).status_code == 200
    assert (await mine.get(statementId=foreign["id"])).status_code == 404
    assert set(await other.ids()) == {own["id"], foreign["id"]}


async def test_mine_holds_for_voided_statements_too(doors: Doors) -> None:
    mine, other = await doors.client(*OF_AN_ACTIVITY_PROVIDER), await doors.client()
    foreign = statement()
    await other.post(foreign)
    await other.post(statement(verb=VOIDED, object={"objectType": "StatementRef", "id": foreign["id"]}))

    assert (await mine.get(voidedStatementId=foreign["id"])).status_code == 404
    assert (await other.get(voidedStatementId=foreign["id"])).status_code == 200


async def test_mine_holds_on_every_page_whoever_asked_for_the_first(doors: Doors) -> None:
    mine, other = await doors.client(*OF_AN_ACTIVITY_PROVIDER), await doors.client()
    own = [statement() for _ in range(3)]
    for each in own:
        await other.post(statement())
        await mine.post(each)

    first = (await mine.get(limit="1")).json()
    second = (await mine.get(path_of(first["more"]))).json()
    others_first = (await other.get(limit="1")).json()
    borrowed = (await mine.get(path_of(others_first["more"]))).json()

    assert [each["id"] for each in first["statements"] + second["statements"]] == [own[2]["id"], own[1]["id"]]
    assert {each["id"] for each in borrowed["statements"]} <= {each["id"] for each in own}


async def test_mine_holds_through_references(doors: Doors) -> None:
    mine, other = await doors.client(*OF_AN_ACTIVITY_PROVIDER), await doors.client()
    target = statement(object={"id": "https://course.example/secret"})
    await other.post(target)
    await other.post(statement(object={"objectType": "StatementRef", "id": target["id"]}))

    assert await mine.ids(activity="https://course.example/secret") == []


async def test_two_credentials_with_one_authority_share_what_is_theirs(doors: Doors) -> None:
    lms = {"mbox": "mailto:lms@example.org"}
    one, two = [await doors.client(*OF_AN_ACTIVITY_PROVIDER, authority=lms) for _ in range(2)]
    sent = statement()

    await one.post(sent)

    assert await two.ids() == [sent["id"]]


@pytest.mark.parametrize(
    ("path", "parameters", "writes", "reads"),
    [
        (
            "/xapi/activities/state",
            {"activityId": "https://a.example/", "agent": '{"mbox":"mailto:a@b.org"}', "stateId": "s"},
            {Scope.STATE, Scope.ALL},
            {Scope.STATE, Scope.STATE_READ, Scope.ALL_READ, Scope.ALL},
        ),
        (
            "/xapi/activities/profile",
            {"activityId": "https://a.example/", "profileId": "p"},
            {Scope.PROFILE, Scope.ALL},
            {Scope.PROFILE, Scope.PROFILE_READ, Scope.ALL_READ, Scope.ALL},
        ),
        (
            "/xapi/agents/profile",
            {"agent": '{"mbox":"mailto:a@b.org"}', "profileId": "p"},
            {Scope.PROFILE, Scope.ALL},
            {Scope.PROFILE, Scope.PROFILE_READ, Scope.ALL_READ, Scope.ALL},
        ),
    ],
    ids=["state", "activity profile", "agent profile"],
)
async def test_documents_are_written_and_read_by_those_who_may(
    doors: Doors, path: str, parameters: dict[str, str], writes: set[Scope], reads: set[Scope]
) -> None:
    for scope in Scope:
        client = await doors.client(scope)
        wrote = await asked(client, "POST", path, params=parameters, json={"a": 1})
        read = await asked(client, "GET", path, params=parameters)
        deleted = await asked(client, "DELETE", path, params=parameters)

        assert (wrote == 403) is (scope not in writes), scope
        assert (read == 403) is (scope not in reads), scope
        assert (deleted == 403) is (scope not in writes), scope


async def test_who_may_not_define_is_recorded_and_says_nothing_of_activities_and_actors(doors: Doors) -> None:
    course = "https://course.example/1"
    sender, owner = await doors.client(Scope.STATEMENTS_WRITE), await doors.client()
    undefining = statement(
        actor={"name": "Nickname", "mbox": "mailto:ann@example.org"},
        object={"id": course, "definition": {"name": {"en": "Redefined"}}},
    )
    await owner.post(
        statement(
            actor={"name": "Ann", "mbox": "mailto:ann@example.org"},
            object={"id": course, "definition": {"name": {"en": "A course"}}},
        )
    )
    await sender.post(undefining)

    for _ in range(2):  # before, or after, the consumer of definitions has heard of it
        activity = (await owner.get("/xapi/activities", activityId=course)).json()
        assert activity["definition"] == {"name": {"en": "A course"}}
        await eventually(lambda: doors.database.fetchval(ALL_MERGED))
    person = (await owner.get("/xapi/agents", agent='{"mbox":"mailto:ann@example.org"}')).json()
    found = (await owner.get(statementId=undefining["id"])).json()

    assert person["name"] == ["Ann"]
    assert found["object"]["definition"] == {"name": {"en": "Redefined"}}


def path_of(more: str) -> str:
    return more.removeprefix("/lrs")

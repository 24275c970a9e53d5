"""The authorization server (RFC 6749, RFC 8414) and its tokens at every door (RFC 6750)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from services.gateway.domain.credential import Scope, ShownKey
from shared.clock import utc_now
from tests.support.gateway import BASE_URL, VERSION, Doors, basic, eventually, later, statement

FORM = "application/x-www-form-urlencoded"


async def ask_for_token(doors: Doors, key: ShownKey, scope: str | None = None) -> httpx.Response:
    fields = {"grant_type": "client_credentials", **({"scope": scope} if scope else {})}
    return await post_form(doors, fields, Authorization=basic(key))


async def post_form(doors: Doors, fields: dict[str, str], **headers: str) -> httpx.Response:
    return await doors.http.post("/oauth/token", content=urlencode(fields), headers={"Content-Type": FORM, **headers})


async def token_of(doors: Doors, key: ShownKey, scope: str | None = None) -> dict[str, str]:
    """Return the headers of a client with an access token."""
    answer = await ask_for_token(doors, key, scope)
    assert answer.status_code == 200, answer.text
    return {**VERSION, "Authorization": f"Bearer {answer.json()['access_token']}"}


async def send(doors: Doors, headers: dict[str, str], body: Any) -> httpx.Response:
    return await doors.http.post("/xapi/statements", json=body, headers=headers)


async def test_a_token_is_answered_as_rfc_6749_5_1_has_it(doors: Doors) -> None:
    answer = await ask_for_token(doors, await doors.key(), "statements/write define")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"
    token = answer.json()
    assert token.pop("access_token").count(".") == 2
    assert token == {"token_type": "Bearer", "expires_in": 3600, "scope": "define statements/write"}


async def test_a_client_can_authenticate_in_the_form_as_linkedin_learning_does(doors: Doors) -> None:
    key = await doors.key(Scope.STATEMENTS_WRITE)
    secret = {"client_id": key.key_id, "client_secret": key.secret}

    answer = await post_form(doors, {"grant_type": "client_credentials", "scope": "xapi:write", **secret})

    assert answer.status_code == 200
    assert answer.json()["scope"] == "statements/write"


async def test_what_a_token_sends_is_recorded_in_the_name_of_the_client(doors: Doors) -> None:
    key = await doors.key()
    headers, sent = await token_of(doors, key), statement()

    posted = await send(doors, headers, sent)
    found = await doors.http.get("/xapi/statements", params={"statementId": sent["id"]}, headers=headers)

    assert posted.status_code == 200
    assert found.json()["authority"] == {
        "objectType": "Agent",
        "account": {"homePage": f"{BASE_URL}/oauth/token", "name": key.key_id},
    }


async def test_a_token_opens_the_impact_doors_too(doors: Doors) -> None:
    key = await doors.key(Scope.IMPACT_READ, Scope.STATEMENTS_WRITE)

    unscoped = await doors.http.get("/v1/impact?purpose=development", headers=await token_of(doors, key))
    scoped = await doors.http.get("/v1/impact?purpose=development", headers=await token_of(doors, key, "impact/read"))

    assert (unscoped.status_code, scoped.status_code) == (403, 200)


async def test_a_token_permits_no_more_than_was_asked_for(doors: Doors) -> None:
    headers = await token_of(doors, await doors.key(), "statements/write")

    read = await doors.http.get("/xapi/statements", headers=headers)

    assert read.status_code == 403
    assert read.headers["www-authenticate"] == 'Bearer realm="Symposia", error="insufficient_scope", scope="statements/read/mine"'


@pytest.mark.parametrize(
    ("fields", "status", "error"),
    [
        ({}, 400, "invalid_request"),
        ({"grant_type": "authorization_code"}, 400, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "scope": "impact/write"}, 400, "invalid_scope"),
    ],
)
async def test_errors_are_those_of_rfc_6749_5_2(doors: Doors, fields: dict[str, str], status: int, error: str) -> None:
    answer = await post_form(doors, fields, Authorization=basic(await doors.key()))

    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.headers["cache-control"] == "no-store"


async def test_an_unknown_client_is_challenged(doors: Doors) -> None:
    key = await doors.key()

    refused = await ask_for_token(doors, ShownKey(key.key_id, "wrong"))
    unknown = await post_form(doors, {"grant_type": "client_credentials", "client_id": "x", "client_secret": "y"})

    for answer in (refused, unknown):
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
        assert answer.headers["www-authenticate"].startswith("Basic ")
    await eventually(lambda: doors.issuer.refused(key.key_id))
    assert [(one.route, one.reason) for one in await doors.issuer.refused(key.key_id)] == [("/oauth/token", "wrong-secret")]


async def test_openapi_describes_the_token_endpoint(doors: Doors) -> None:
    paths = (await doors.http.get("/openapi.json")).json()["paths"]

    assert {"/oauth/token", "/.well-known/oauth-authorization-server"} <= set(paths)
    assert set(paths["/oauth/token"]["post"]["responses"]) == {"200", "400", "401", "413", "415", "429", "503"}
    assert "partial" in {each["name"] for each in paths["/xapi/statements"]["post"]["parameters"]}


async def test_only_a_post_asks_for_a_token(doors: Doors) -> None:
    assert (await doors.http.get("/oauth/token")).status_code == 405


async def test_a_token_is_good_for_nothing_but_requests(doors: Doors) -> None:
    headers = await token_of(doors, await doors.key())

    answer = await post_form(doors, {"grant_type": "client_credentials"}, Authorization=headers["Authorization"])

    assert answer.status_code == 401


async def test_a_token_ends_with_its_credential(doors: Doors) -> None:
    key = await doors.key()
    headers = await token_of(doors, key)
    assert (await send(doors, headers, statement())).status_code == 200

    await doors.issuer.revoke(key.key_id, utc_now())

    async def refused() -> bool:
        return (await send(doors, headers, statement())).status_code == 401

    await eventually(refused, 5.0)


async def test_no_token_is_issued_to_a_credential_that_expired(doors: Doors) -> None:
    assert (await ask_for_token(doors, await doors.key(expires_at=later(seconds=-1)))).status_code == 401


async def test_a_refused_token_is_told_so(doors: Doors) -> None:
    answer = await send(doors, {**VERSION, "Authorization": "Bearer a.b.c"}, statement())

    assert answer.status_code == 401
    assert (
        answer.headers["www-authenticate"]
        == 'Basic realm="Symposia", charset="UTF-8", Bearer realm="Symposia", error="invalid_token"'
    )


async def test_the_server_describes_itself_rfc_8414(doors: Doors) -> None:
    plain = await doors.http.get("/.well-known/oauth-authorization-server")
    with_path = await doors.http.get("/.well-known/oauth-authorization-server/lrs")

    assert plain.content == with_path.content
    assert plain.json()["issuer"] == BASE_URL
    assert plain.json()["token_endpoint"] == f"{BASE_URL}/oauth/token"
    assert plain.json()["grant_types_supported"] == ["client_credentials"]
    assert plain.json()["token_endpoint_auth_methods_supported"] == ["client_secret_basic", "client_secret_post"]
    assert {"statements/write", "statements/read/mine", "define", "state", "profile"} <= set(plain.json()["scopes_supported"])

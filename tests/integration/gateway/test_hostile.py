"""What an attacker writes into every parameter, header and body is bad input: it is refused, and never an error of ours."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import pytest

from services.gateway.credentials.tokens import TOKEN_PATH
from services.gateway.domain.credential import Scope
from tests.support.gateway import VERSION, Client, Doors, basic, statement

AGENT = '{"mbox":"mailto:ann@example.org"}'
THING = "https://forum.example/t/1"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
RESOURCES: Mapping[str, Mapping[str, str]] = {
    "/xapi/statements": {
        "statementId": "",
        "voidedStatementId": "",
        "agent": "",
        "verb": "",
        "activity": "",
        "registration": "",
        "since": "",
        "until": "",
        "limit": "",
        "format": "",
        "attachments": "",
        "ascending": "",
        "partial": "",
    },
    "/xapi/activities": {"activityId": THING},
    "/xapi/agents": {"agent": AGENT},
    "/xapi/activities/state": {"activityId": THING, "agent": AGENT, "stateId": "s", "registration": "", "since": ""},
    "/xapi/activities/profile": {"activityId": THING, "profileId": "p", "since": ""},
    "/xapi/agents/profile": {"agent": AGENT, "profileId": "p", "since": ""},
    "/v1/impact": {"purpose": "self-access", "changed_since": "", "limit": "", "as_of": ""},
    "/v1/learners/external:1/impact": {"purpose": "self-access", "as_of": ""},
}
"""The resources, with a value for each parameter that they need."""
WRITTEN = (
    "%00",
    "a%00b",
    "%ED%A0%80",
    "%FF%FE",
    "%E2%80%AE",
    "%0D%0AX-Injected%3A%20yes",
    quote("https://a.example/\x00"),
    quote('{"mbox":"mailto:a\\u0000@example.org"}'),
    quote('{"account":{"homePage":"https://a.example/","name":"\\u0000"}}'),
    quote('{"account":{"homePage":"https://a.example/","name":"\\ud800"}}'),
    quote('{"mbox":' * 1000),
    quote("0001-01-01T00:00:00+14:00"),
    quote("9999-12-31T23:59:60-14:00"),
    "9" * 5000,
    "a" * 30_000,
)
"""Values as they stand in a query string."""


class Asked(NamedTuple):
    """A request, and which parameter of it is hostile."""

    method: str
    path: str
    parameter: str
    query: str


def hostile(*methods: str) -> Iterator[Asked]:
    for path, parameters in RESOURCES.items():
        for parameter in parameters:
            others = urlencode({name: value for name, value in parameters.items() if value and name != parameter})
            for written in WRITTEN:
                for method in methods:
                    yield Asked(method, path, parameter, f"{parameter}={written}&{others}".rstrip("&"))


async def test_no_parameter_brings_a_door_down(doors: Doors) -> None:
    client = await doors.client(Scope.ALL, Scope.IMPACT_READ, Scope.IMPACT_WRITE)

    for asked in hostile("GET", "HEAD", "PUT", "DELETE"):
        answer = await doors.http.request(asked.method, f"{asked.path}?{asked.query}", headers=client.headers, content=b"{}")

        assert answer.status_code < 500, asked
        assert answer.status_code != 429
        assert "x-injected" not in answer.headers


async def test_no_parameter_of_a_form_brings_a_door_down(doors: Doors) -> None:
    client = await doors.client()
    keyed = {"Authorization": basic(client.key), "Content-Type": FORM}

    for asked in hostile("GET", "PUT"):
        form = f"{asked.query}&content=%7B%7D&X-Experience-API-Version=1.0.3"
        answer = await doors.http.post(f"{asked.path}?method={asked.method}", headers=keyed, content=form)

        assert answer.status_code < 500, asked
        assert answer.status_code != 429


@pytest.mark.parametrize(
    "header",
    [
        "Content-Type",
        "If-Match",
        "If-None-Match",
        "Accept-Language",
        "Accept",
        "traceparent",
        "X-Experience-API-Version",
        "Range",
    ],
)
async def test_no_header_brings_a_door_down(doors: Doors, header: str) -> None:
    client = await doors.client()
    written = (b"", b"\xff\xfe", b"\x01", b"*,*", b'"' * 9000, b"W/" * 9000, b"a/b;" * 9000, b"*;q=1e999,", b"en;q=-1" * 5000)

    for value in written:
        for path in ("/xapi/statements", f"/xapi/activities/state?activityId={THING}&agent={quote(AGENT)}&stateId=s"):
            for method in ("GET", "PUT", "POST"):
                headers = {name.encode(): text.encode() for name, text in client.headers.items() if name != header}
                answer = await doors.http.request(method, path, headers={**headers, header.encode(): value}, content=b"[]")

                assert answer.status_code < 500, (header, value[:20], path, method)


BODIES = (
    b"",
    b"\x00",
    b"\xff",
    b"null",
    b'"\\ud800"',
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"1e999999",
    b'{"\\u0000":"\\u0000"}',
    b'{"\xed\xa0\x80":1}',
    b"[" + b"0," * 50_000 + b"0]",
)


async def test_no_body_brings_a_door_down(doors: Doors) -> None:
    client = await doors.client()
    kinds = ("application/json", "text/plain", "multipart/mixed; boundary=b", FORM, "application/json; charset=utf-16")
    state = f"/xapi/activities/state?activityId={THING}&agent={quote(AGENT)}&stateId=s"
    for kind in kinds:
        for body in BODIES:
            for path in ("/xapi/statements", state, "/xapi/statements?method=POST", TOKEN_PATH):
                headers = {**client.headers, "Content-Type": kind}
                answer = await doors.http.post(path, headers=headers, content=body)

                assert answer.status_code < 500, (kind, body[:20], path)


NO_HEADER = {
    "usageType": "https://a.example/u",
    "display": {"en": "x"},
    "contentType": "text/plain\r\nX-Injected: yes",
    "length": 1,
    "sha2": "a" * 64,
    "fileUrl": "https://a.example/f",
}


@pytest.mark.parametrize(
    "part",
    [
        {"verb": {"id": "https://a.example/\x00"}},
        {"result": {"response": "\ud800"}},
        {"result": {"extensions": {"https://a.example/e": {"\udfff": 1}}}},
        {"attachments": [NO_HEADER]},
    ],
)
async def test_what_no_identifier_no_text_and_no_header_holds_is_refused_in_statements(
    client: Client, part: dict[str, Any]
) -> None:
    body = json.dumps({**statement(), **part})

    answer = await client.http.post("/xapi/statements", content=body, headers={**client.headers, "Content-Type": JSON})

    assert answer.status_code == 400, answer.text


async def test_nul_which_text_in_postgresql_cannot_hold_is_kept_where_xapi_allows_it(client: Client) -> None:
    account = {"homePage": "https://a.example/", "name": "\x00"}
    activity = {"id": THING, "definition": {"name": {"en": "\x00"}, "extensions": {"https://a.example/e": {"\x00": "\x00"}}}}
    sent = statement(actor={"name": "\x00", "account": account}, object=activity, context={"platform": "\x00"})

    posted = await client.post(sent)
    read = await client.get(statementId=sent["id"], format="canonical")
    person = await client.get("/xapi/agents", agent=json.dumps({"account": account}))
    told = await client.get("/xapi/activities", activityId=THING)

    assert [each.status_code for each in (posted, read, person, told)] == [200] * 4
    assert read.json()["context"]["platform"] == "\x00"
    assert person.json()["name"] == ["\x00"]
    assert told.json()["definition"] == activity["definition"]


async def test_no_token_request_brings_the_token_endpoint_down(doors: Doors) -> None:
    key = await doors.key(Scope.STATEMENTS_WRITE)
    good = {"grant_type": "client_credentials", "client_id": key.key_id, "client_secret": key.secret}

    for field in (*good, "scope", "\x00"):
        for written in WRITTEN:
            others = urlencode({name: value for name, value in good.items() if name != field})
            answer = await doors.http.post(
                TOKEN_PATH, headers={"Content-Type": FORM}, content=f"{quote(field)}={written}&{others}"
            )

            assert answer.status_code < 500, (field, written[:40])
            assert key.secret not in answer.text


async def test_a_document_that_is_a_page_does_nothing_in_a_browser(client: Client) -> None:
    asked = {"activityId": THING, "agent": AGENT, "stateId": "page"}
    page = {**client.headers, "Content-Type": "text/html"}
    await client.http.put("/xapi/activities/state", params=asked, content=b"<script>alert(1)</script>", headers=page)

    answer = await client.http.get("/xapi/activities/state", params=asked, headers=client.headers)

    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "POST", "DELETE"])
async def test_a_form_needs_the_scope_of_the_method_that_it_means(doors: Doors, method: str) -> None:
    client = await doors.client(Scope.STATEMENTS_WRITE)
    reader = await doors.client(Scope.ALL_READ)
    form = urlencode({"activityId": THING, "agent": AGENT, "stateId": "s", "content": "{}", "Content-Type": "application/json"})
    asked = [
        (client, "/xapi/activities/state", 403),
        (reader, "/xapi/activities/state", 404 if method in {"GET", "HEAD"} else 403),
    ]

    for sender, path, status in asked:
        headers = {**VERSION, "Authorization": basic(sender.key), "Content-Type": FORM}
        fields = form if method in {"PUT", "POST"} else form.split("&content=")[0]
        answer = await doors.http.post(f"{path}?method={method}", headers=headers, content=fields)

        assert answer.status_code == status

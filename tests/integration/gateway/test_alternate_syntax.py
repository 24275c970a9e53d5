"""The alternate request syntax (1.0.3 Communication §1.3), and that 2.0.0 has none."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from tests.support.gateway import Client, Doors, basic, eventually, statement, without

FORM = "application/x-www-form-urlencoded"
STATEMENTS = "/xapi/statements"
STATE = "/xapi/activities/state"
BOOKMARK = {
    "activityId": "https://example.org/course",
    "agent": json.dumps({"mbox": "mailto:ann@example.org"}),
    "stateId": "bookmark",
}


async def submit(doors: Doors, path: str, method: str, fields: dict[str, str] | bytes, **headers: str) -> httpx.Response:
    """Send a form as an old browser does: no header but the form's type."""
    content = fields if isinstance(fields, bytes) else urlencode(fields).encode()
    sent = {"Content-Type": FORM, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return await doors.http.post(f"{path}?method={method}", content=content, headers=sent)


def told(client: Client, **fields: str) -> dict[str, str]:
    """Return a form with the headers that a request has."""
    return {"Authorization": basic(client.key), "X-Experience-API-Version": "1.0.3", **fields}


async def test_a_statement_is_put_and_found(doors: Doors) -> None:
    client, sent = await doors.client(), statement(object={"id": "https://example.org/Grüße&=+%25"})
    content = json.dumps(without(sent, "id"), ensure_ascii=False)

    put = await submit(
        doors, STATEMENTS, "PUT", told(client, statementId=sent["id"], content=content, **{"Content-Type": "application/json"})
    )
    found = await submit(doors, STATEMENTS, "GET", told(client, statementId=sent["id"]))

    assert (put.status_code, put.content) == (204, b"")
    assert without(found.json(), "stored", "authority", "version") == sent
    assert put.headers["x-experience-api-version"] == found.headers["x-experience-api-version"] == "1.0.3"


async def test_statements_are_posted_and_queried(doors: Doors) -> None:
    client, sent = await doors.client(), [statement(), statement()]

    posted = await submit(doors, STATEMENTS, "POST", told(client, content=json.dumps(sent)))
    found = await submit(doors, STATEMENTS, "GET", told(client, limit="1", ascending="true"))

    assert posted.json() == [each["id"] for each in sent]
    assert [each["id"] for each in found.json()["statements"]] == [sent[0]["id"]]


async def test_a_state_lives_its_life_by_forms(doors: Doors) -> None:
    client = await doors.client()
    typed = {"Content-Type": "text/plain; charset=utf-8"}

    put = await submit(doors, STATE, "PUT", told(client, **BOOKMARK, content="Seite 3: gelesen\0", **typed))
    found = await submit(doors, STATE, "GET", told(client, **BOOKMARK))
    stale = await submit(doors, STATE, "DELETE", told(client, **BOOKMARK, **{"If-Match": '"other"'}))
    deleted = await submit(doors, STATE, "DELETE", told(client, **BOOKMARK, **{"if-match": found.headers["etag"]}))
    gone = await submit(doors, STATE, "GET", told(client, **BOOKMARK))

    assert (put.status_code, stale.status_code, deleted.status_code, gone.status_code) == (204, 412, 204, 404)
    assert (found.text, found.headers["content-type"]) == ("Seite 3: gelesen\0", "text/plain; charset=utf-8")


async def test_head_has_no_body_and_says_that_nothing_follows(doors: Doors) -> None:
    client = await doors.client()
    await submit(doors, STATE, "PUT", told(client, **BOOKMARK, content='{"page":3}'))

    head = await submit(doors, STATE, "HEAD", told(client, **BOOKMARK))

    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "0")
    assert head.headers["etag"]


async def test_what_the_form_says_goes_before_what_the_headers_say(doors: Doors) -> None:
    client = await doors.client()
    good = {"Authorization": basic(client.key), "X_Experience_API_Version": "1.0.3"}

    plain = await submit(doors, STATEMENTS, "GET", {"limit": "1"}, **good)
    old = await submit(doors, STATEMENTS, "GET", {"X-Experience-API-Version": "0.8"}, **good)
    wrong = await submit(doors, STATEMENTS, "GET", {"Authorization": "Basic eDp5"}, **good)

    assert (plain.status_code, old.status_code, wrong.status_code) == (200, 400, 401)


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("method=PUT", {}),
        ("method=POST", {"statementId": "x"}),
        ("method=PATCH", {"content": "{}"}),
        ("method=put", {"content": "{}"}),
        ("method=", {"content": "{}"}),
        ("method=GET&limit=1", {}),
        ("method=GET&method=GET", {}),
        ("method=GET&%", {}),
        ("method=GET", {"content-type": "a\r\nb: c"}),
        ("method=GET", {"limit": "1", "unknown": "x"}),
        ("method=GET", b"limit=1&limit=1"),
        ("method=GET", b"limit"),
        ("method=GET", b"limit=%e"),
        ("method=PUT", b"statementId=%ff&content=x"),
        ("method=POST", b"content=%5B%5D&content=%5B%5D"),
        ("method=GET", b"If-Match=a&if-match=b"),
        ("method=PUT", b'{"statementId":"x","content":"y"}'),
    ],
)
async def test_a_form_that_means_no_request_is_refused(doors: Doors, query: str, fields: dict[str, str] | bytes) -> None:
    client = await doors.client()
    content = fields if isinstance(fields, bytes) else urlencode(fields).encode()

    response = await doors.http.post(f"{STATEMENTS}?{query}", content=content, headers={**client.headers, "Content-Type": FORM})

    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    assert "x-experience-api-consistent-through" in response.headers


async def test_a_body_of_another_type_is_no_form(doors: Doors) -> None:
    client = await doors.client()

    response = await submit(doors, STATEMENTS, "GET", told(client), Content_Type="application/json")

    assert response.status_code == 400


async def test_only_a_post_is_a_form(client: Client) -> None:
    for method in ("GET", "PUT", "DELETE"):
        response = await client.http.request(method, f"{STATE}?method=GET", headers=client.headers)

        assert response.status_code == 400, method


async def test_2_0_has_no_such_syntax(doors: Doors) -> None:
    client = await doors.client()
    form: dict[str, Any] = told(client, **{"X-Experience-API-Version": "2.0.0"})

    answers = [await submit(doors, STATEMENTS, "GET", form), await submit(doors, STATEMENTS, "PUT", {**form, "content": "{}"})]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert "2.0.0" in answers[0].json()["detail"]


async def test_too_long_a_form_is_refused(doors: Doors) -> None:
    client = await doors.client()

    response = await submit(doors, STATE, "PUT", told(client, **BOOKMARK, content="x" * 9_000_000))

    assert response.status_code == 413


async def test_parameters_that_no_address_could_hold_are_refused_before_anybody_is_asked_who_sends_them(doors: Doors) -> None:
    response = await submit(doors, STATEMENTS, "GET", {"X-Experience-API-Version": "1.0.3", "agent": "{" * 200_000})

    assert response.status_code == 413
    assert "parameters" in response.json()["detail"]


async def test_a_form_that_means_no_request_is_noted_for_the_operator(doors: Doors) -> None:
    client = await doors.client()

    await submit(doors, STATE, "PUT", told(client, **BOOKMARK))

    await eventually(lambda: doors.issuer.refused(None))
    (refused,) = await doors.issuer.refused(None)
    assert (refused.method, refused.route, refused.status) == ("POST", STATE, 400)
    assert refused.reason == "PUT needs a field content in the form"


async def test_a_header_in_a_form_is_no_longer_than_one_on_the_wire(doors: Doors) -> None:
    client = await doors.client()

    response = await submit(doors, STATE, "PUT", told(client, **BOOKMARK, content="{}", **{"If-Match": '"a",' * 100_000}))

    assert response.status_code == 400
    assert "If-Match".lower() in response.json()["detail"]


async def test_a_value_that_says_method_is_a_value(client: Client) -> None:
    query = urlencode({"agent": BOOKMARK["agent"], "stateId": "x"}) + "&activityId=https://example.org/course?method=GET"

    response = await client.http.post(f"{STATE}?{query}", json={"page": 3}, headers=client.headers)

    assert response.status_code == 204


async def test_elsewhere_a_parameter_called_method_means_nothing(doors: Doors) -> None:
    response = await doors.http.post("/livez?method=GET", content=b"", headers={"Content-Type": FORM})

    assert response.status_code == 405


async def test_a_form_is_counted_as_what_it_means(doors: Doors) -> None:
    client = await doors.client()
    await submit(doors, STATE, "PUT", told(client, **BOOKMARK, content="{}"))
    await submit(doors, STATE, "PUT", told(client, **BOOKMARK))

    metrics = (await doors.http.get("/metrics")).text

    assert f'symposia_http_requests_total{{code="204",method="POST",route="{STATE}"}} 1.0' in metrics
    assert 'symposia_http_requests_total{code="400",method="POST",route="none"} 1.0' in metrics

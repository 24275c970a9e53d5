"""What known senders get wrong, at the doors: understood for the credentials that say so, refused for all others."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import httpx
import pytest

from services.gateway.domain.quirks import Quirk
from tests.support.attachments import BOUNDARY, Part, attachment, multipart, part, send, statements_part
from tests.support.gateway import VERSION, Client, Doors, basic, eventually, statement, without

FORM = "application/x-www-form-urlencoded"
STATE = {"activityId": "https://course.example/1", "agent": json.dumps({"mbox": "mailto:ann@example.org"}), "stateId": "bookmark"}


async def storyline(client: Client, body: object, **parameters: str) -> httpx.Response:
    """Send a statement as Storyline does."""
    form = {"Authorization": basic(client.key), **VERSION, **parameters, "content": json.dumps(body)}
    return await client.http.post(
        "/xapi/statements?method=PUT", content=urlencode(form), headers={"Content-Type": "text/plain;charset=UTF-8"}
    )


async def captivate(client: Client, state: bytes) -> httpx.Response:
    return await client.http.put(
        "/xapi/activities/state", params=STATE, content=state, headers={**client.headers, "Content-Type": "application/json"}
    )


async def glued(client: Client, parts: list[Part]) -> httpx.Response:
    """Send *parts* as the libraries of JavaScript do: a line end is only behind the statements, and before the last boundary."""
    *pieces, end = [multipart([each]).removesuffix(multipart([])) for each in parts] + [multipart([])]
    first, *others = pieces
    body = first + b"".join(each.removesuffix(b"\r\n") for each in others) + b"\r\n" + end
    headers = {**client.headers, "Content-Type": f'multipart/mixed; boundary="{BOUNDARY}"'}
    return await client.http.post("/xapi/statements", content=body, headers=headers)


async def counted(doors: Doors, quirk: Quirk) -> float:
    lines = (await doors.http.get("/metrics")).text.splitlines()
    return next(
        float(line.rpartition(" ")[2]) for line in lines if line.startswith(f'symposia_gateway_quirks_total{{quirk="{quirk}"')
    )


async def test_storylines_form_in_plain_text_is_taken(doors: Doors) -> None:
    client, other = await doors.client(quirks=[Quirk.TEXT_PLAIN_FORM]), await doors.client()
    sent = statement()

    taken = await storyline(client, without(sent, "id"), statementId=sent["id"])
    refused = await storyline(other, sent, statementId=sent["id"])

    assert (taken.status_code, refused.status_code) == (204, 400)
    assert "text-plain-form" in refused.json()["detail"]
    assert await client.ids() == [sent["id"]]
    assert await counted(doors, Quirk.TEXT_PLAIN_FORM) == 1


async def test_captivates_bare_state_is_kept_as_bytes(doors: Doors) -> None:
    client, other = await doors.client(quirks=[Quirk.BARE_STATE]), await doors.client()

    taken = await captivate(client, b"slide_4,slide_5")
    refused = await captivate(other, b"slide_4,slide_5")
    found = await client.get("/xapi/activities/state", **STATE)

    assert (taken.status_code, refused.status_code) == (204, 400)
    assert (found.content, found.headers["content-type"]) == (b"slide_4,slide_5", "application/octet-stream")
    assert await counted(doors, Quirk.BARE_STATE) == 1


async def test_a_state_that_is_json_stays_json(doors: Doors) -> None:
    client = await doors.client(quirks=[Quirk.BARE_STATE])

    await captivate(client, b'{"slide":4}')

    assert (await client.get("/xapi/activities/state", **STATE)).headers["content-type"] == "application/json"
    assert await counted(doors, Quirk.BARE_STATE) == 0


async def test_parameters_of_a_launch_link_are_overlooked(doors: Doors) -> None:
    client, other = await doors.client(quirks=[Quirk.EXTRA_PARAMETERS]), await doors.client()
    sent = statement()

    taken = await client.put(sent, statementId=sent["id"], endpoint="https://lrs.example/", lang="en")
    refused = await other.put(sent, statementId=sent["id"], lang="en")
    read = await client.get(statementId=sent["id"], lang="en")

    assert (taken.status_code, refused.status_code, read.status_code) == (204, 400, 200)
    assert await counted(doors, Quirk.EXTRA_PARAMETERS) == 2


async def test_the_actor_of_an_old_launch_link_is_one_of_1_0(doors: Doors) -> None:
    client, other = await doors.client(quirks=[Quirk.ACTOR_ARRAYS]), await doors.client()
    legacy = {"name": ["Ann"], "mbox": ["mailto:ann@example.org"]}
    sent = statement(actor=legacy)

    taken, refused = await client.post([sent]), await other.post([sent])
    ids = await client.ids(agent=json.dumps(legacy))

    assert (taken.status_code, refused.status_code) == (200, 400)
    assert ids == [sent["id"]]
    assert (await client.get(statementId=sent["id"])).json()["actor"] == {"name": "Ann", "mbox": "mailto:ann@example.org"}
    assert await counted(doors, Quirk.ACTOR_ARRAYS) == 2


async def test_one_problem_of_several_questions_costs_open_edx_no_batch(doors: Doors) -> None:
    client, other = await doors.client(quirks=[Quirk.OPEN_EDX]), await doors.client()
    problem = statement(object={"id": "https://edx.example/xblock/p1", "objectType": "GroupActivity"})
    batch = [statement(), problem, statement(result={"score": {"min": 0, "max": 0, "raw": 0}})]

    taken, refused = await client.post(batch), await other.post(batch)

    assert (taken.status_code, refused.status_code) == (200, 400)
    assert (await client.get(statementId=problem["id"])).json()["object"]["objectType"] == "Activity"
    assert await counted(doors, Quirk.OPEN_EDX) == 1


async def test_several_attachments_need_no_line_ends_between_them(doors: Doors) -> None:
    """1.0.3 Communication §1.5.2; RFC 2046 §5.1.1: the line end before a boundary belongs to it."""
    client, other = await doors.client(quirks=[Quirk.GLUED_PARTS]), await doors.client()
    texts = [b"an essay\n", b"its sources\r\n", b""]
    parts = [statements_part(statement(attachments=[attachment(each) for each in texts])), *map(part, texts)]

    taken, refused, well_formed = await glued(client, parts), await glued(other, parts), await send(client, *parts)

    assert (taken.status_code, refused.status_code, well_formed.status_code) == (200, 400, 200)
    assert refused.json()["errors"][0]["rule"] == "part-hash"
    assert await counted(doors, Quirk.GLUED_PARTS) == 1


async def test_a_new_profile_needs_no_precondition_and_one_that_is_there_is_not_overwritten(doors: Doors) -> None:
    """1.0.3 Communication §3.1."""
    client, other = await doors.client(quirks=[Quirk.UNGUARDED_PROFILES]), await doors.client()
    profile = {"activityId": "https://course.example/1", "profileId": "cover"}

    answers = [
        await each.http.put("/xapi/activities/profile", params=profile, content=content, headers=each.headers)
        for each, content in ((other, b"0"), (client, b"1"), (client, b"2"))
    ]

    assert [answer.status_code for answer in answers] == [400, 204, 412]
    assert (await client.get("/xapi/activities/profile", **profile)).content == b"1"
    assert await counted(doors, Quirk.UNGUARDED_PROFILES) == 2


async def test_what_ralph_forwards_without_a_version_is_of_1_0_3(doors: Doors) -> None:
    """1.0.3 Communication §3.3."""
    client, other = await doors.client(quirks=[Quirk.NO_VERSION]), await doors.client()

    taken, refused = [
        await doors.http.post("/xapi/statements", json=[statement()], auth=(each.key.key_id, each.key.secret))
        for each in (client, other)
    ]
    newer = await client.http.get("/xapi/statements", headers={**client.headers, "X-Experience-API-Version": "2.0.0"})

    assert (taken.status_code, refused.status_code, newer.status_code) == (200, 400, 200)
    assert [answer.headers["x-experience-api-version"] for answer in (taken, newer)] == ["1.0.3", "2.0.0"]
    assert await counted(doors, Quirk.NO_VERSION) == 1


@pytest.mark.parametrize("quirk", Quirk)
async def test_a_quirk_can_be_given_and_taken_while_the_gateway_runs(doors: Doors, quirk: Quirk) -> None:
    client = await doors.client()

    given = await doors.issuer.edit(client.key.key_id, quirks=[quirk])
    taken = await doors.issuer.edit(client.key.key_id, quirks=[])

    assert given is not None
    assert taken is not None
    assert (given.quirks, taken.quirks) == (frozenset({quirk}), frozenset())


async def test_an_edited_key_works_so_within_the_refresh_interval(doors: Doors) -> None:
    client = await doors.client()
    await doors.issuer.edit(client.key.key_id, quirks=[Quirk.EXTRA_PARAMETERS])

    async def lenient() -> bool:
        return (await client.get(lang="en")).status_code == 200

    await eventually(lenient)

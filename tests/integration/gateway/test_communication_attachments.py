"""1.0.3 Communication §1.5 and Data §2.4.11, in both versions: statements with the octets of their attachments."""

from __future__ import annotations

import hashlib
import json

import pytest

from services.gateway.domain.credential import Scope
from shared.postgres import Query
from tests.support.attachments import BOUNDARY, Part, attachment, multipart, part, parts_of, send, statements_part
from tests.support.gateway import Client, Doors, statement, without

ESSAY = b"here is a simple attachment\r\n--abc\r\n\x00\xff"
PICTURE = bytes(range(256)) * 8


@pytest.mark.parametrize("version", ["1.0.3", "2.0.0"])
async def test_what_came_with_a_statement_comes_back_with_it(client: Client, version: str) -> None:
    sent = statement(attachments=[attachment(ESSAY), attachment(PICTURE, contentType="image/jpeg")])

    posted = await send(client, statements_part(sent), part(ESSAY), part(PICTURE, sent["attachments"][1]), version=version)
    found = await client.get(statementId=sent["id"], attachments="true")

    assert (posted.status_code, posted.json()) == (200, [sent["id"]])
    (first, stored), *others = parts_of(found)
    assert first == {"Content-Type": "application/json"}
    assert without(json.loads(stored), "stored", "authority", "version") == sent
    assert others == [
        part(ESSAY, sent["attachments"][0]),
        part(PICTURE, sent["attachments"][1]),
    ]


async def test_a_put_carries_attachments_too(client: Client) -> None:
    sent = statement(attachments=[attachment(ESSAY)])

    put = await send(client, statements_part(sent), part(ESSAY), method="PUT", statementId=sent["id"])

    assert (put.status_code, put.content) == (204, b"")
    assert [content for _, content in parts_of(await client.get(statementId=sent["id"], attachments="true"))][1:] == [ESSAY]


async def test_statements_of_one_page_share_what_they_have_in_common(client: Client) -> None:
    essay, picture = attachment(ESSAY), attachment(PICTURE)
    batch = [statement(attachments=[essay]), statement(attachments=[picture, essay]), statement()]

    await send(client, statements_part(batch), part(ESSAY), part(PICTURE))
    pages = await client.get(attachments="true", ascending="true")

    (_, result), *others = parts_of(pages)
    assert [each["id"] for each in json.loads(result)["statements"]] == [each["id"] for each in batch]
    assert [content for _, content in others] == [ESSAY, PICTURE]


async def test_more_goes_on_with_attachments(client: Client) -> None:
    contents = [b"one", b"two", b"three"]
    for content in contents:
        await send(client, statements_part(statement(attachments=[attachment(content)])), part(content))

    page = await client.get(attachments="true", ascending="true", limit="2")
    more = json.loads(parts_of(page)[0][1])["more"]
    rest = await client.get(more.removeprefix("/lrs"))

    assert [content for _, content in parts_of(page)[1:]] == contents[:2]
    assert [content for _, content in parts_of(rest)[1:]] == contents[2:]


async def test_without_asking_answers_are_json(client: Client) -> None:
    sent = statement(attachments=[attachment(ESSAY)])
    await send(client, statements_part(sent), part(ESSAY))

    single, page = await client.get(statementId=sent["id"]), await client.get(attachments="false")

    assert single.headers["content-type"] == page.headers["content-type"] == "application/json"
    assert single.json()["attachments"] == page.json()["statements"][0]["attachments"] == sent["attachments"]


async def test_head_says_how_long_the_answer_would_be(client: Client) -> None:
    sent = statement(attachments=[attachment(ESSAY)])
    await send(client, statements_part(sent), part(ESSAY))

    asked = {"statementId": sent["id"], "attachments": "true"}
    head = await client.http.head("/xapi/statements", params=asked, headers=client.headers)

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == (await client.get(**asked)).headers["content-length"]


async def test_octets_are_kept_once_whatever_they_are_called(doors: Doors, client: Client) -> None:
    for algorithm in ("sha224", "sha256", "sha384", "sha512"):
        declared = attachment(ESSAY, algorithm=algorithm)
        posted = await send(client, statements_part(statement(attachments=[declared])), part(ESSAY, declared))
        assert posted.status_code == 200

    rows = await doors.database.fetch(Query("SELECT sha256, length, content FROM attachment"))

    assert [tuple(row) for row in rows] == [(hashlib.sha256(ESSAY).digest(), len(ESSAY), ESSAY)]


async def test_a_large_attachment_is_answered_whole(client: Client) -> None:
    large, small = b"0123456789abcdef" * 200_000, b"small"
    sent = statement(attachments=[attachment(large), attachment(b""), attachment(small)])

    posted = await send(client, statements_part(sent), part(large), part(b""), part(small))
    found = await client.get(statementId=sent["id"], attachments="true")

    assert posted.status_code == 200
    assert [content for _, content in parts_of(found)[1:]] == [large, b"", small]


async def test_telling_twice_keeps_what_was_told(client: Client) -> None:
    sent = statement(attachments=[attachment(ESSAY)])

    statuses = [(await send(client, statements_part(sent), part(ESSAY))).status_code for _ in range(2)]

    assert statuses == [200, 200]
    assert len(parts_of(await client.get(attachments="true"))) == 2


async def test_a_hash_may_be_spelled_in_any_case(client: Client) -> None:
    declared = attachment(ESSAY, sha2=attachment(ESSAY)["sha2"].upper())

    posted = await send(client, statements_part(statement(attachments=[declared])), part(ESSAY))

    assert posted.status_code == 200
    assert parts_of(await client.get(attachments="true"))[1][0]["X-Experience-API-Hash"] == declared["sha2"]


async def test_a_substatement_has_attachments(client: Client) -> None:
    plan = {**without(statement(attachments=[attachment(ESSAY)]), "id"), "objectType": "SubStatement"}
    sent = statement(object=plan)

    alone = await client.post(sent)
    posted = await send(client, statements_part(sent), part(ESSAY))

    assert alone.json()["errors"][0]["pointer"] == "/object/attachments/0"
    assert posted.status_code == 200
    assert parts_of(await client.get(attachments="true"))[1][1] == ESSAY


async def test_multipart_needs_no_attachment(client: Client) -> None:
    elsewhere = attachment(ESSAY, fileUrl="https://example.org/essay")

    none = await send(client, statements_part([statement(), statement()]))
    linked = await send(client, statements_part(statement(attachments=[elsewhere])))

    assert (none.status_code, linked.status_code) == (200, 200)
    assert len(parts_of(await client.get(attachments="true"))) == 1


async def test_who_knows_only_a_hash_is_not_given_the_octets(doors: Doors, client: Client) -> None:
    stranger = await doors.client(Scope.STATEMENTS_WRITE, Scope.STATEMENTS_READ_MINE)
    await send(client, statements_part(statement(attachments=[attachment(ESSAY)])), part(ESSAY))

    posted = await stranger.post(statement(attachments=[attachment(ESSAY, fileUrl="https://example.org/essay")]))

    assert posted.status_code == 200
    assert len(parts_of(await stranger.get(attachments="true"))) == 1


async def test_other_content_under_an_id_brings_nothing_into_the_record(client: Client) -> None:
    first = statement(attachments=[attachment(ESSAY)])
    await send(client, statements_part(first), part(ESSAY))

    other = await send(client, statements_part({**first, "attachments": [attachment(PICTURE)]}), part(PICTURE))

    assert other.status_code == 409
    assert [content for _, content in parts_of(await client.get(attachments="true"))][1:] == [ESSAY]


async def test_the_example_of_the_specification_is_taken(client: Client) -> None:
    """1.0.3 Communication §1.5.2: the part says nothing of the charset that the attachment names."""
    essay = b"here is a simple attachment"
    declared = attachment(essay, contentType="text/plain; charset=ascii")

    answer = await send(client, statements_part(statement(attachments=[declared])), part(essay, Content_Type="text/plain"))

    assert declared["sha2"] == "495395e777cd98da653df9615d09c0fd6bb2f8d4788394cd53c56a3bfdcd848a"
    assert answer.status_code == 200


SENT = statement(attachments=[attachment(ESSAY)])
FIRST = statements_part(SENT)


WRONG: list[tuple[str, str, *tuple[Part, ...]]] = [
    ("attachment-part", "/attachments/0", FIRST),
    ("attachment-part", "/1/attachments/0", statements_part([statement(), SENT])),
    ("undeclared-part", "/parts/2", FIRST, part(ESSAY), part(PICTURE)),
    ("undeclared-part", "/parts/1", statements_part(statement()), part(ESSAY)),
    ("first-part-type", "/parts/0", ({"Content-Type": "text/plain"}, FIRST[1]), part(ESSAY)),
    ("first-part-type", "/parts/0", ({}, FIRST[1]), part(ESSAY)),
    ("part-encoding", "/parts/0", ({**FIRST[0], "Content-Transfer-Encoding": "base64"}, FIRST[1])),
    ("part-encoding", "/parts/1", FIRST, part(ESSAY, Content_Transfer_Encoding=None)),
    ("part-encoding", "/parts/1", FIRST, part(ESSAY, Content_Transfer_Encoding="base64")),
    ("part-hash", "/parts/1", FIRST, part(ESSAY, X_Experience_API_Hash=None)),
    ("part-hash", "/parts/1", FIRST, part(ESSAY, X_Experience_API_Hash="abc")),
    ("part-hash", "/parts/1", FIRST, part(PICTURE, SENT["attachments"][0])),
    ("part-content-type", "/parts/1", FIRST, part(ESSAY, Content_Type="image/png")),
    ("part-length", "/parts/1", FIRST, part(ESSAY, Content_Length="1")),
    ("part-headers", "/parts/1", FIRST, ({"no header": "x"}, ESSAY)),
]


async def test_what_does_not_belong_together_is_refused_with_its_reason(client: Client) -> None:
    answers = [await send(client, *parts) for _, _, *parts in WRONG]

    assert {answer.status_code for answer in answers} == {400}
    assert {answer.headers["content-type"] for answer in answers} == {"application/problem+json"}
    told = [[(error["rule"], error["pointer"]) for error in answer.json()["errors"]] for answer in answers]
    assert told == [[(rule, pointer)] for rule, pointer, *_ in WRONG]
    assert await client.ids() == []


NO_MULTIPART = [
    ("multipart/mixed", multipart([FIRST]), "boundary"),
    ("multipart/mixed;", multipart([FIRST]), "boundary"),
    ("multipart/mixed; boundary=other", multipart([FIRST]), "boundary"),
    (f"multipart/mixed; boundary={'x' * 71}", multipart([FIRST], "x" * 71), "boundary"),
    ("multipart/mixed; boundary=abc", b"", "boundary"),
    ("multipart/mixed; boundary=abc", multipart([FIRST], "abc").replace(b"\r\n", b"\n"), "boundary-line"),
    ("multipart/mixed; boundary=abc", multipart([FIRST], "abc")[:-8], "closing-boundary"),
    ("multipart/mixed; boundary=abc", b"--abcd\r\n\r\n--abc--", "boundary-line"),
    ("multipart/mixed; boundary=abc", b"--abc\r\nno end of headers\r\n--abc--", "part-headers"),
    ("multipart/mixed; boundary=abc", b"--abc" + b"\r\n\r\n\r\n--abc" * 2_001 + b"--", "too-many-parts"),
]


async def test_a_body_that_is_no_multipart_is_refused_with_its_reason(client: Client) -> None:
    answers = [
        await client.http.post("/xapi/statements", content=body, headers={**client.headers, "Content-Type": content_type})
        for content_type, body, _ in NO_MULTIPART
    ]

    assert {answer.status_code for answer in answers} == {400}
    assert [answer.json()["errors"][0]["rule"] for answer in answers] == [rule for _, _, rule in NO_MULTIPART]


async def test_other_media_types_are_refused(client: Client) -> None:
    kinds = ["multipart/form-data; boundary=abc", "text/plain", ""]

    answers = [
        await client.http.post(
            "/xapi/statements", content=multipart([FIRST], "abc"), headers={**client.headers, "Content-Type": kind}
        )
        for kind in kinds
    ]

    assert [answer.status_code for answer in answers] == [400, 400, 400]


async def test_a_statement_in_parts_that_is_wrong_is_refused_by_its_own_rule(client: Client) -> None:
    response = await send(client, statements_part(statement(actor={"mbox": "ann"}, attachments=[attachment(ESSAY)])), part(ESSAY))

    assert [(error["rule"], error["pointer"]) for error in response.json()["errors"]] == [("mbox", "/actor/mbox")]


async def test_preamble_and_epilogue_are_nobodys(client: Client) -> None:
    body = b"This is a message in parts.\r\n" + multipart([FIRST, part(ESSAY)]) + b"The end.\r\n"
    headers = {**client.headers, "Content-Type": f'Multipart/Mixed; charset=utf-8; Boundary="{BOUNDARY}"'}

    response = await client.http.post("/xapi/statements", content=body, headers=headers)

    assert response.status_code == 200


async def test_too_large_a_request_is_413(client: Client) -> None:
    large = b"x" * (32 * 1024 * 1024)

    response = await send(client, statements_part(statement(attachments=[attachment(large)])), part(large))

    assert response.status_code == 413

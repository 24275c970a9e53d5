"""1.0.3 Data §2.6, in both versions: signed statements through the door."""

from __future__ import annotations

import json

import pytest

from tests.support.attachments import attachment, part, parts_of, send, signature, signed, signing_key, statements_part
from tests.support.gateway import Client, statement

KEY = signing_key()


@pytest.mark.parametrize("version", ["1.0.3", "2.0.0"])
async def test_a_signed_statement_is_recorded_with_its_signature(client: Client, version: str) -> None:
    essay = attachment(b"an essay")
    sent = statement(attachments=[essay])
    token = signed(sent, KEY)
    complete = {**sent, "attachments": [essay, signature(token)]}

    posted = await send(client, statements_part(complete), part(b"an essay"), part(token, signature(token)), version=version)

    assert posted.status_code == 200
    (_, stored), *others = parts_of(await client.get(statementId=sent["id"], attachments="true"))
    assert json.loads(stored)["attachments"] == complete["attachments"]
    assert [content for _, content in others] == [b"an essay", token]


async def test_each_statement_of_a_batch_has_its_own_signature(client: Client) -> None:
    one, two = statement(), statement()
    tokens = signed(one, KEY), signed(two, KEY)
    parts = [part(token, signature(token)) for token in tokens]

    right = [{**one, "attachments": [signature(tokens[0])]}, {**two, "attachments": [signature(tokens[1])]}]
    wrong = [{**one, "attachments": [signature(tokens[1])]}, {**two, "attachments": [signature(tokens[0])]}]

    refused = await send(client, statements_part(wrong), *parts)
    taken = await send(client, statements_part(right), *parts)

    assert [(error["rule"], error["pointer"]) for error in refused.json()["errors"]] == [
        ("signature-statement", "/0/attachments/0"),
        ("signature-statement", "/1/attachments/0"),
    ]
    assert taken.status_code == 200


async def test_a_signature_comes_with_its_statement(client: Client) -> None:
    sent = statement()
    token = signed(sent, KEY)
    elsewhere = {**sent, "attachments": [signature(token, fileUrl="https://example.org/signature")]}

    response = await client.post(elsewhere)

    assert response.status_code == 400
    assert [(error["rule"], error["pointer"]) for error in response.json()["errors"]] == [("signature-part", "/attachments/0")]

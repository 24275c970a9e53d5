"""What is exported and imported is the same again; done twice, it is still the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from services.gateway.moving.admitting import Authority
from services.gateway.moving.importing import Tally
from tests.support.attachments import attachment, part, parts_of, send, signature, signed, signing_key, statements_part
from tests.support.gateway import Client, Doors, statement, without
from tests.support.moving import Desk, exported
from tests.support.received import VOIDED

OCTETS = bytes(range(256)) * 20


async def fill(client: Client) -> list[dict[str, Any]]:
    """Post statements of many kinds: bare, completed by the door, voided, with attachments, signed, of 2.0.0, odd numbers."""
    bare = without(statement(), "timestamp")
    odd = statement(
        result={
            "score": {"raw": 1e25, "max": 1e26},
            "extensions": {"https://e.org/x": {"n": 123456789012345678901, "s": "a\nb\u0000"}},
        }
    )
    voided = statement()
    voiding = statement(verb={"id": VOIDED}, object={"objectType": "StatementRef", "id": voided["id"]})
    for several in ([bare, odd], [voided], [voiding], [statement() for _ in range(30)]):
        assert (await client.post(several)).status_code == 200
    attached = statement(attachments=[attachment(OCTETS), attachment(b"", algorithm="sha512")])
    answer = await send(client, statements_part(attached), part(OCTETS), part(b"", attached["attachments"][1]))
    assert answer.status_code == 200, answer.text
    plain = statement()
    token = signed(plain, signing_key())
    answer = await send(client, statements_part({**plain, "attachments": [signature(token)]}), part(token, signature(token)))
    assert answer.status_code == 200, answer.text
    newer = statement(context={"contextAgents": [{"objectType": "contextAgent", "agent": {"mbox": "mailto:b@example.org"}}]})
    assert (await client.post([newer], **{"X-Experience-API-Version": "2.0.0"})).status_code == 200
    return [bare, odd, voided, voiding, attached, newer]


def same(one: list[dict[str, Any]], other: list[dict[str, Any]], *aside: str) -> bool:
    return [without(each, *aside) for each in one] == [without(each, *aside) for each in other]


@pytest.mark.parametrize("name", ["all.ndjson", "all.ndjson.gz", "all.tar.gz"])
async def test_an_export_imported_into_an_empty_installation_and_exported_again_is_equal_but_for_stored(
    desk: Desk, client: Client, empty_desk: Desk, tmp_path: Path, name: str
) -> None:
    await fill(client)
    (tmp_path / "second").mkdir()

    count = await desk.export(tmp_path / name)
    tally = await empty_desk.take(tmp_path / name, authority=Authority.KEEP)
    await desk.export(tmp_path / "plain.ndjson")
    again = await empty_desk.export(tmp_path / "second" / "plain.ndjson")

    assert tally == Tally(taken=count, line=count), empty_desk.told
    assert again == count
    first, second = exported(tmp_path / "plain.ndjson"), exported(tmp_path / "second" / "plain.ndjson")
    assert same(first, second, "stored")
    assert not same(first, second)
    octets = [
        {path.name: path.read_bytes() for path in (each / "attachments").iterdir()} for each in (tmp_path, tmp_path / "second")
    ]
    assert octets[0] == octets[1]
    assert len(octets[0]) == 3


async def test_what_was_void_is_void_again_and_attachments_are_served_again(
    desk: Desk, client: Client, empty_doors: Doors, empty_desk: Desk, tmp_path: Path
) -> None:
    _, _, voided, _, attached, _ = await fill(client)
    await desk.export(tmp_path / "all.tar.gz")

    await empty_desk.take(tmp_path / "all.tar.gz")

    reader = await empty_doors.client()
    assert (await reader.get(statementId=voided["id"])).status_code == 404
    assert (await reader.get(voidedStatementId=voided["id"])).status_code == 200
    answer = await reader.get(statementId=attached["id"], attachments="true")
    assert [content for _, content in parts_of(answer)[1:]] == [OCTETS, b""]


async def test_who_vouches_is_this_installation_unless_the_first_is_kept(
    client: Client, desk: Desk, empty_desk: Desk, tmp_path: Path
) -> None:
    await fill(client)
    await desk.export(tmp_path / "all.ndjson")

    await empty_desk.take(tmp_path / "all.ndjson")
    await empty_desk.export(tmp_path / "again.ndjson")

    assert same(exported(tmp_path / "all.ndjson"), exported(tmp_path / "again.ndjson"), "stored", "authority")
    assert {each["authority"]["account"]["name"] for each in exported(tmp_path / "again.ndjson")} == {"import"}


async def test_what_is_exported_may_be_imported_where_it_came_from_and_nothing_changes(
    client: Client, desk: Desk, tmp_path: Path
) -> None:
    await fill(client)
    count = await desk.export(tmp_path / "all.ndjson")

    tally = await desk.take(tmp_path / "all.ndjson")

    assert tally == Tally(known=count, line=count), desk.told
    assert await desk.export(tmp_path / "again.ndjson") == count
    assert (tmp_path / "again.ndjson").read_bytes() == (tmp_path / "all.ndjson").read_bytes()


async def test_an_export_holds_the_stored_bytes(client: Client, desk: Desk, doors: Doors, tmp_path: Path) -> None:
    await fill(client)

    await desk.export(tmp_path / "all.ndjson")

    query: Any = "SELECT body FROM statement ORDER BY seq"
    bodies = [row["body"] for row in await doors.database.fetch(query)]
    assert (tmp_path / "all.ndjson").read_bytes().splitlines() == bodies

"""What an export holds, and that it goes on where it was interrupted."""

from __future__ import annotations

import csv
import gzip
import tarfile
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from services.gateway.moving.lot import Lot, Wanted
from services.gateway.moving.output import Destination, NoOutput, open_output
from services.gateway.moving.record import MOST, OurRecord
from shared.xapi import ifi
from shared.xapi.timestamps import instant
from tests.support.attachments import attachment, part, send, statements_part
from tests.support.gateway import Client, Doors, statement
from tests.support.moving import Desk, exported
from tests.support.received import VOIDED


class Interrupted(Exception):
    """The test's own."""


class Breaking(OurRecord):
    """The record, which ends before the lot with the number *breaks* is written."""

    breaks = 1

    async def lots(self, wanted: Wanted, place: str) -> AsyncIterator[Lot]:
        number = 0
        async for lot in super().lots(wanted, place):
            if number == self.breaks:
                raise Interrupted
            number += 1
            yield lot


@pytest.mark.parametrize("name", ["all.ndjson", "all.ndjson.gz", "all.csv", "all.csv.gz", "all.tar.gz"])
async def test_interrupted_and_continued_it_is_the_same_file(client: Client, desk: Desk, tmp_path: Path, name: str) -> None:
    attached = statement(attachments=[attachment(b"octets")])
    await send(client, statements_part(attached), part(b"octets"))
    for _ in range(3):
        await client.post([statement() for _ in range(MOST)])
    (tmp_path / "whole").mkdir()
    await desk.export(tmp_path / "whole" / name)

    for _ in range(2):
        with pytest.raises(Interrupted):
            await desk.export(tmp_path / name, origin=Breaking(desk.database))
        assert not (tmp_path / name).exists()
    await client.post([statement()])
    await desk.export(tmp_path / name)

    assert (tmp_path / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert not (tmp_path / f"{name}.part").exists()


async def test_another_export_does_not_go_on_with_it_nor_write_over_a_file(client: Client, desk: Desk, tmp_path: Path) -> None:
    await client.post([statement()])
    (tmp_path / "there.ndjson").write_text("")
    await client.post([statement() for _ in range(MOST)])
    with pytest.raises(Interrupted):
        await desk.export(tmp_path / "all.ndjson", origin=Breaking(desk.database))

    with pytest.raises(NoOutput, match="another export"):
        await desk.export(tmp_path / "all.ndjson", asked="other")
    with pytest.raises(NoOutput, match="is there already"):
        await desk.export(tmp_path / "there.ndjson")
    with open_output(Destination.named(tmp_path / "b.ndjson", None), "all"), pytest.raises(NoOutput, match="written by another"):
        await desk.export(tmp_path / "b.ndjson")


async def test_filters_choose_and_what_voids_comes_along(client: Client, doors: Doors, desk: Desk, tmp_path: Path) -> None:
    other = await doors.client()
    ann = statement(actor={"mbox": "mailto:ann@example.org"})
    bob = statement(actor={"mbox": "mailto:bob@example.org"}, verb={"id": "urn:v:asked"}, object={"id": "urn:x:1"})
    voiding = statement(
        actor={"mbox": "mailto:admin@e.org"}, verb={"id": VOIDED}, object={"objectType": "StatementRef", "id": bob["id"]}
    )
    await client.post([ann, bob])
    await other.post([voiding])
    stored = instant((await client.get(statementId=ann["id"])).json()["stored"])

    numbers = count()

    async def ids(wanted: Wanted) -> list[str]:
        path = tmp_path / f"{next(numbers)}.ndjson"
        await desk.export(path, wanted)
        return [each["id"] for each in exported(path)]

    every = [ann["id"], bob["id"], voiding["id"]]
    assert await ids(Wanted()) == every
    assert await ids(Wanted(agent=ifi.of_mbox("mailto:bob@example.org"))) == every[1:]
    assert await ids(Wanted(verb="urn:v:asked", activity="urn:x:1")) == every[1:]
    assert await ids(Wanted(activity="urn:x:none")) == []
    assert await ids(Wanted(source=f"credential:{client.key.key_id}")) == every
    assert await ids(Wanted(source=f"credential:{other.key.key_id}")) == every[2:]
    assert await ids(Wanted(since=stored)) == every[1:]
    assert await ids(Wanted(until=stored)) == every[:1]
    assert await ids(Wanted(until=stored - timedelta(seconds=1))) == []


async def test_a_table_says_what_is_void_and_a_place_goes_on_behind_it(client: Client, desk: Desk, tmp_path: Path) -> None:
    said = statement()
    await client.post([said])
    await client.post([statement(verb={"id": VOIDED}, object={"objectType": "StatementRef", "id": said["id"]})])
    await desk.export(tmp_path / "all.csv")
    await client.post([statement()])

    await desk.export(tmp_path / "rest.ndjson", start="2")

    with (tmp_path / "all.csv").open(newline="") as file:
        assert [row["voided"] for row in csv.DictReader(file)] == ["true", "false"]
    assert len(exported(tmp_path / "rest.ndjson")) == 1


async def test_an_empty_record_is_an_empty_file_and_an_archive_has_plain_names(
    desk: Desk, client: Client, tmp_path: Path
) -> None:
    for name in ("a.ndjson", "a.ndjson.gz", "a.csv", "a.tar.gz"):
        await desk.export(tmp_path / name)
    attached = statement(attachments=[attachment(b"octets")])
    await send(client, statements_part(attached), part(b"octets"))
    await desk.export(tmp_path / "b.tar.gz")

    assert (tmp_path / "a.ndjson").read_bytes() == b""
    assert gzip.decompress((tmp_path / "a.ndjson.gz").read_bytes()) == b""
    assert (tmp_path / "a.csv").read_text().startswith("id,stored,timestamp,")
    with tarfile.open(tmp_path / "b.tar.gz") as archive:
        assert archive.getnames() == [f"attachments/{attached['attachments'][0]['sha2']}", "statements.ndjson"]

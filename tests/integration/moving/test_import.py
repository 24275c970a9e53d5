"""What an import takes, what it refuses, and what it does when something goes wrong."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import tomllib
from pathlib import Path

import pytest

from services.gateway.domain.column_map import read_map
from services.gateway.moving.deliveries import MOST
from services.gateway.moving.importing import Mode, Tally
from tests.support.attachments import attachment
from tests.support.gateway import Client, statement, without
from tests.support.moving import Desk, exported, written


async def test_the_good_go_on_and_the_bad_are_told_by_line_pointer_and_rule(client: Client, desk: Desk, tmp_path: Path) -> None:
    good = [statement() for _ in range(3)]
    wrong = statement(result={"score": {"scaled": 2}}, actor={"mbox": "nobody"})
    file = written(tmp_path / "s.ndjson", good[0], wrong, b"", b"{no json", good[1], [good[0]], b"\xff", 7, good[2])

    tally = await desk.take(file)

    assert tally == Tally(taken=3, refused=5, line=9)
    assert {(row.line, row.pointer, row.rule) for row in desk.told} == {
        (2, "/actor/mbox", "mbox"),
        (2, "/result/score/scaled", "score-scaled"),
        (4, "", "json"),
        (6, "", "single-statement"),
        (7, "", "encoding"),
        (8, "", "statement-or-list"),
    }
    assert await client.ids(ascending="true") == [each["id"] for each in good]


async def test_a_conflict_is_told_and_takes_nothing_else_with_it(client: Client, desk: Desk, tmp_path: Path) -> None:
    known = statement()
    await client.post(known)
    other = {**known, "verb": {"id": "https://example.org/verbs/other"}}
    fresh = [statement() for _ in range(4)]
    twice = {**fresh[1], "verb": {"id": "https://example.org/verbs/other"}}
    file = written(tmp_path / "s.ndjson", fresh[0], other, fresh[1], fresh[1], twice, known, *fresh[2:])

    tally = await desk.take(file)

    assert tally == Tally(taken=4, known=2, conflicts=2, line=8)
    assert [(row.line, row.pointer, row.rule) for row in desk.told] == [(2, "/id", "conflict"), (5, "/id", "conflict")]
    assert await desk.database.fetchval("SELECT count(*) FROM dead_letter") == 0  # type: ignore[arg-type]


async def test_what_other_lrss_write_down_is_taken(client: Client, desk: Desk, tmp_path: Path) -> None:
    saved, kept, found = (statement() for _ in range(3))
    (tmp_path / "answer.json").write_text(json.dumps({"statements": [saved], "more": ""}, indent=2))
    records = written(tmp_path / "records.ndjson", {"_id": {"$oid": "5a"}, "statement": kept}, {"_id": "a", "_source": found})

    tallies = [await desk.take(tmp_path / "answer.json"), await desk.take(records)]

    assert [(each.taken, each.refused) for each in tallies] == [(1, 0), (2, 0)]
    assert await client.ids(ascending="true") == [each["id"] for each in (saved, kept, found)]


async def test_the_statement_in_a_record_is_what_is_told_of(desk: Desk, tmp_path: Path) -> None:
    wrong = statement(actor={"mbox": "nobody"})

    await desk.take(written(tmp_path / "records.ndjson", {"_id": "a", "_source": wrong}))

    assert [(row.pointer, row.rule) for row in desk.told] == [("/actor/mbox", "mbox")]


async def test_a_dry_run_says_what_would_come_of_it_and_changes_nothing(client: Client, desk: Desk, tmp_path: Path) -> None:
    known = statement()
    await client.post(known)
    file = written(tmp_path / "s.ndjson", known, statement(), {**known, "verb": {"id": "urn:x:other"}}, {})

    tally = await desk.take(file, mode=Mode.DRY_RUN)

    assert (tally.taken, tally.known, tally.conflicts, tally.refused) == (1, 1, 1, 1)
    assert await client.ids() == [known["id"]]


@pytest.mark.parametrize("timed", ["with a time", "without"])
async def test_statements_without_an_id_are_imported_once_however_often(
    client: Client, desk: Desk, tmp_path: Path, timed: str
) -> None:
    nameless = without(statement(), "id") if timed == "with a time" else without(statement(), "id", "timestamp")
    file = written(tmp_path / "s.ndjson", nameless, {**nameless, "verb": {"id": "urn:x:other"}})

    first = await desk.take(file)
    second = await desk.take(file)

    assert (first.taken, second.taken, second.known) == (2, 0, 2)
    assert len(await client.ids()) == 2


async def test_a_statement_that_says_only_when_it_was_stored_happened_then(desk: Desk, tmp_path: Path) -> None:
    old = {**without(statement(), "timestamp"), "stored": "2019-03-01T08:00:00Z"}

    await desk.take(written(tmp_path / "s.ndjson", old))
    await desk.export(tmp_path / "out.ndjson")

    (found,) = exported(tmp_path / "out.ndjson")
    assert found["timestamp"] == "2019-03-01T08:00:00Z"
    assert found["stored"] > "2020"


async def test_many_statements_keep_their_order_through_several_deliveries_and_authorities(
    client: Client, desk: Desk, tmp_path: Path
) -> None:
    several = [statement() for _ in range(2 * MOST + 7)]
    file = tmp_path / "s.json.gz"
    file.write_bytes(gzip.compress(json.dumps(several, indent=1).encode()))

    tally = await desk.take(file)

    assert tally.taken == len(several), desk.told
    await desk.export(tmp_path / "out.ndjson")
    assert [each["id"] for each in exported(tmp_path / "out.ndjson")] == [each["id"] for each in several]
    assert len(await client.ids()) == 500


async def test_an_import_that_was_interrupted_goes_on_from_any_line_or_from_the_first(desk: Desk, tmp_path: Path) -> None:
    several = [statement() for _ in range(2 * MOST)]
    file = written(tmp_path / "s.ndjson", *several)
    first = asyncio.create_task(desk.take(file))
    while not await desk.database.fetchval("SELECT count(*) FROM statement"):  # type: ignore[arg-type]  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first

    again = await desk.take(file)
    rest = await desk.take(file, from_line=len(several))

    assert again.taken + again.known == len(several)
    assert (rest.taken, rest.known) == (0, 1)
    assert await desk.database.fetchval("SELECT count(*) FROM statement") == len(several)  # type: ignore[arg-type]


async def test_a_compressed_file_that_is_cut_off_is_taken_as_far_as_it_goes(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "s.ndjson.gz"
    whole = gzip.compress(b"".join(json.dumps(statement()).encode() + b"\n" for _ in range(400)), mtime=0)
    file.write_bytes(whole[: len(whole) // 2])

    tally = await desk.take(file)

    assert 0 < tally.taken < 400
    assert desk.told[-1].rule == "gzip"


async def test_attachments_have_to_come_along_and_be_what_their_names_say(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "attachments").mkdir()
    there, changed, missing = (statement(attachments=[attachment(each)]) for each in (b"there", b"changed", b"missing"))
    for octets, said in ((b"there", there), (b"otherwise", changed)):
        (tmp_path / "attachments" / said["attachments"][0]["sha2"]).write_bytes(octets)

    tally = await desk.take(written(tmp_path / "s.ndjson", there, changed, missing))

    assert (tally.taken, tally.refused) == (1, 2)
    assert [(row.line, row.rule) for row in desk.told] == [(2, "part-hash"), (3, "attachment-part")]
    assert "attachments/" in desk.told[1].message


GUIDE = (Path(__file__).parents[3] / "docs" / "moving.md").read_text(encoding="utf-8")
MORE_ROWS = """\
eve@example.org;Eve;enrolled;42;;;2025-11-03T12:00:00Z;
kim@example.org;Kim;completed;42;many;yes;2025-11-03T12:00:00Z;
lee@example.org;Lee
joe;Joe;completed;42;;;2025-11-03T12:00:00Z;
"""


def on_the_page(language: str) -> str:
    """Return the example in *language* of docs/moving.md."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)
    return str(found)


async def test_a_table_of_another_system_is_read_by_the_column_map_on_the_page(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text(on_the_page("csv") + MORE_ROWS)

    tally = await desk.take(tmp_path / "old.csv", parts=read_map(tomllib.loads(on_the_page("toml"))))

    assert (tally.taken, tally.refused) == (2, 4)
    assert [(row.line, row.pointer, row.rule) for row in desk.told] == [
        (5, "/verb/id", "cell"),
        (6, "/result/score/raw", "cell"),
        (7, "", "columns"),
        (8, "/actor/mbox", "mbox"),
    ]
    await desk.export(tmp_path / "out.ndjson")
    ann, bob = exported(tmp_path / "out.ndjson")
    assert ann["actor"] == {"mbox": "mailto:ann@example.org", "name": "Ann"}
    assert ann["result"] == {"score": {"raw": 87.5}, "success": True}
    assert bob["verb"]["id"].endswith("failed")
    assert bob["context"] == {"platform": "Old LMS"}


async def test_our_own_table_can_be_imported_as_far_as_it_tells(
    client: Client, desk: Desk, empty_desk: Desk, tmp_path: Path
) -> None:
    context = {
        "registration": "3f2a4d0e-8c2f-4b46-9d5c-0d3b3c8f4f10",
        "platform": "=cmd|' /C calc'!A0",
        "language": "de",
        "contextActivities": {"parent": [{"id": "urn:p:1"}, {"id": "urn:p:2"}]},
    }
    said = [
        statement(
            actor={"objectType": "Agent", "account": {"homePage": "https://lms.example", "name": "a@b"}, "name": "-Ann"},
            object={"objectType": "Activity", "id": "urn:x:1", "definition": {"name": {"und": "Eins"}}},
            result={"score": {"scaled": 0.5, "raw": 5}, "success": False, "duration": "PT5M", "response": "=1+1"},
            context=context,
        ),
        statement(
            actor={"objectType": "Group", "mbox": "mailto:g@example.org"},
            object={"objectType": "Agent", "mbox": "mailto:o@e.org"},
        ),
        statement(object={"objectType": "StatementRef", "id": "3f2a4d0e-8c2f-4b46-9d5c-0d3b3c8f4f11"}),
    ]
    await client.post(said)
    await desk.export(tmp_path / "all.csv")

    tally = await empty_desk.take(tmp_path / "all.csv")
    await empty_desk.export(tmp_path / "again.csv")

    assert tally.taken == 3, empty_desk.told
    rows = [(tmp_path / name).read_text().splitlines() for name in ("all.csv", "again.csv")]
    stored = rows[0][0].split(",").index("stored")
    assert [cells(line, stored) for line in rows[0]] == [cells(line, stored) for line in rows[1]]
    assert "'=cmd" in rows[0][1]


def cells(line: str, aside: int) -> list[str]:
    """Return what stands between commas, but for one column before which there are no commas in cells."""
    found = line.split(",")
    return [*found[:aside], *found[aside + 1 :]]

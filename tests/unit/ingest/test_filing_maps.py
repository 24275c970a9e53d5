"""Column maps: those of one's own, and what is none."""

from __future__ import annotations

from codecs import BOM_UTF8
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.ingest.domain.interaction import Kind
from services.ingest.domain.source import Platform
from services.ingest.filing.column_map import BadMap, ColumnMap, load, shipped
from services.ingest.filing.importing import Importer
from services.ingest.filing.rows import Row
from tests.support.exports import source

OWN: dict[str, Any] = {
    "event": "rated",
    "kind": "bookmark",
    "artefact": {"native": "{item}", "iri": "{item}", "type": "page"},
    "actor": "{by}",
    "happened": "{at}",
    "formats": ["%d.%m.%Y %H:%M"],
}


def own(**more: Any) -> ColumnMap:
    return msgspec.convert({"acts": [{**OWN, **more}]}, ColumnMap)


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"item": "https://w.example/1", "by": "", "at": "02.03.2026 12:00"}, "actor"),
        ({"item": "no iri", "by": "ann", "at": "02.03.2026 12:00"}, "iri"),
        ({"item": "https://w.example/1", "by": "ann", "at": "soon"}, "time"),
        ({"item": "https://w.example/" + "x" * 900, "by": "ann", "at": "02.03.2026 12:00"}, "long"),
        ({"item": "https://w.example/1", "by": "a\0nn", "at": "02.03.2026 12:00"}, "by holds a NUL"),
    ],
)
async def test_a_row_that_lacks_what_it_needs_is_told_with_its_line(cells: dict[str, str], reason: str) -> None:
    report = await Importer().take(source(Platform.LINKEDIN), [Row(7, cells)], own())

    assert [fault.line for fault in report.faults] == [7]
    assert reason in report.faults[0].reason


async def test_a_map_of_ones_own_is_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "map.json"
    file.write_bytes(BOM_UTF8 + msgspec.json.encode(own()))
    row = Row(2, {"item": "https://w.example/1", "by": "ann", "at": "02.03.2026 12:00"})

    report = await Importer().take(source(Platform.LINKEDIN), [row], load(str(file)))

    assert (report.told, report.faults) == ({Kind.BOOKMARK: 1}, [])


async def test_a_header_may_be_capitalised_in_any_way_whatever_stands_in_its_names() -> None:
    columns = own(actor='{"By" \\ whom}')
    row = Row(2, {"ITEM": "https://w.example/1", '"by" \\ WHOM': "ann", "At": "02.03.2026 12:00"})

    report = await Importer().take(source(Platform.LINKEDIN), [row], columns)

    assert (report.told, report.faults) == ({Kind.BOOKMARK: 1}, [])


@pytest.mark.parametrize("content", [b"", b"[]", b'{"acts": [{"kind": "dance"}]}', b'{"acts": [], "more": 1}', b"\xff"])
def test_what_is_no_map_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "map.json"
    file.write_bytes(content)

    with pytest.raises(BadMap):
        load(str(file))


def test_a_map_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(BadMap, match="khoros, linkedin, salesforce, skype, viva-engage"):
        load("facebook")
    assert shipped() == ("khoros", "linkedin", "salesforce", "skype", "viva-engage")

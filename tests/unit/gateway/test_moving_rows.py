"""Rows of files, however they are written and wherever they are cut."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.gateway.domain.column_map import BadMap, agent_of, check_header, own_parts, own_statement, read_map
from services.gateway.domain.columns import COLUMNS, row, shielded, unshielded
from services.gateway.moving import rows as moving_rows
from services.gateway.moving.input import BadFile, fingerprint, open_input
from services.gateway.moving.rows import BadRow, Row, items, lines
from shared.xapi import ifi
from shared.xapi.model import Version
from tests.support.statements import json_values, statements, texts

MOST = 1000


class Trickle(io.BytesIO):
    """A file that gives a few bytes at a time."""

    def __init__(self, content: bytes, size: int) -> None:
        super().__init__(content)
        self._size = size

    def read(self, size: int | None = -1, /) -> bytes:
        del size
        return super().read(self._size)


@settings(max_examples=60)
@given(st.lists(json_values, max_size=6), st.integers(1, 40), st.booleans())
def test_an_array_gives_its_items_wherever_it_is_cut(values: list[Any], size: int, pretty: bool) -> None:  # noqa: FBT001
    try:
        content = orjson.dumps(values, option=orjson.OPT_INDENT_2 if pretty else 0)
    except orjson.JSONEncodeError:  # a whole number beyond 64 bits
        return

    found = list(items(Trickle(content, size), 1_000_000))

    assert [orjson.loads(each.body) for each in found if isinstance(each, Row)] == values
    assert not [each for each in found if isinstance(each, BadRow)]


def test_an_item_is_told_by_the_line_on_which_it_starts() -> None:
    content = b' [\n{"a":\n1},\n\n{"b": "x]\\"["} ,{"c":[{}, 2]}\n]\n '

    assert list(items(io.BytesIO(content), MOST)) == [
        Row(2, b'{"a":\n1}'),
        Row(5, b'{"b": "x]\\"["}'),
        Row(5, b'{"c":[{}, 2]}'),
    ]


@pytest.mark.parametrize(
    ("content", "rows", "rule"),
    [
        (b'[{"a":1}, {"b"', 1, "json"),
        (b'[{"a":1}] x', 1, "json"),
        (b'[{"a":"' + b"x" * 3_000_000 + b'"}]', 0, "size"),
    ],
)
def test_an_array_that_is_broken_gives_what_is_whole(content: bytes, rows: int, rule: str) -> None:
    found = list(items(io.BytesIO(content), MOST))

    assert len([each for each in found if isinstance(each, Row)]) == rows
    assert [each.rule for each in found if isinstance(each, BadRow)] == [rule]


def test_a_line_that_is_too_long_is_passed_over_without_being_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving_rows, "CHUNK", 100)
    content = b'\xef\xbb\xbf{"a":1}\r\n\n' + b"x" * 5000 + b"\n  \n{}"

    assert list(lines(io.BytesIO(content), MOST)) == [
        Row(1, b'{"a":1}'),
        BadRow(3, "", "size", "It has more than 1000 bytes."),
        Row(5, b"{}"),
    ]


@given(texts)
def test_a_text_that_was_shielded_is_itself_again(text: str) -> None:
    assert unshielded(shielded(text)) == text
    assert not shielded(text).startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize("sign", "=+-@\uff1d\uff0b\uff0d\uff20\t\r\n'")
def test_a_text_that_some_spreadsheet_takes_for_a_formula_is_shielded(sign: str) -> None:
    assert shielded(f"{sign}1") == f"'{sign}1"


@settings(max_examples=80)
@given(statements(Version.V2_0_0))
def test_a_row_keeps_what_its_columns_say(said: dict[str, Any]) -> None:
    statement = orjson.loads(json.dumps(said))  # as an export reads it: whole numbers beyond 64 bits are doubles
    cells = row(statement, voided=None)
    kind = statement["object"].get("objectType", "Activity")
    if kind == "SubStatement" or not {"actor_ifi", "object_id"} <= cells.keys() or "#sha256:" in "".join(cells.values()):
        return
    again = own_statement({name: cells.get(name, "") for name in COLUMNS}, own_parts(COLUMNS))

    assert ifi.canonical(again["actor"]) == ifi.canonical(statement["actor"])
    assert again["verb"]["id"] == statement["verb"]["id"]
    assert again.get("result", {}).get("score", {}) == statement.get("result", {}).get("score", {})
    assert _told(row(again, voided=None)) == {name: cell for name, cell in _told(cells).items() if name != "stored"}


def _told(cells: dict[str, str]) -> dict[str, str]:
    """Return what *cells* say: white space around it, which a shield may keep, says nothing."""
    said = {name: unshielded(cell).strip() for name, cell in cells.items() if name != "object_name"}
    return {name: cell for name, cell in said.items() if cell}


@pytest.mark.parametrize(
    "identifier",
    ["mbox::mailto:a@b.org", "openid::https://a.org/", "account::a@b\\\\@https://e.org", f"mbox_sha1sum::{'a' * 40}"],
)
def test_an_identifier_becomes_the_agent_that_it_came_from(identifier: str) -> None:
    assert ifi.canonical(agent_of(identifier)) == identifier


@pytest.mark.parametrize(
    "identifier", ["ann@example.org", "mbox:mailto:a@b.org", "account::nowhere", "openid::#sha256:00", "x::y"]
)
def test_what_is_no_identifier_is_no_agent(identifier: str) -> None:
    with pytest.raises(ValueError, match=r"identifier|account"):
        agent_of(identifier)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"parts": {}},
        {"parts": {"actor": {"column": "a"}}},
        {"parts": {"/actor/mbox": {}}},
        {"parts": {"/actor/mbox": {"column": "a", "text": "b"}}},
        {"parts": {"/actor/mbox": {"column": "a", "kind": "date"}}},
        {"parts": {"/actor/mbox": {"colum": "a"}}},
        [],
    ],
)
def test_a_map_that_cannot_be_used_says_so(document: Any) -> None:
    with pytest.raises(BadMap):
        read_map(document)


def test_a_header_has_each_column_of_the_map_once() -> None:
    parts = read_map({"parts": {"/actor/mbox": {"column": "a"}}})

    check_header(["a", "b"], parts)
    for header in (["b"], ["a", "a"]):
        with pytest.raises(BadMap):
            check_header(header, parts)
    with pytest.raises(BadMap):
        own_parts(["id", "verb"])


TABLE = "sep=;\r\n\r\nwho;did;what;\r\nann;x;a;\r\nbob;x;b;;;\r\n\r\ncy;x;c;more\r\n"
MAP = read_map(
    {
        "parts": {
            "/actor/account/name": {"column": "who"},
            "/verb/id": {"column": "did"},
            "/object/id": {"column": "what"},
        }
    }
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_table_is_read_as_spreadsheets_write_it(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "T.CSV").write_bytes(gzip.compress(TABLE.encode(encoding)))

    with open_input(tmp_path / "T.CSV", MOST, MAP) as opened:
        found = list(opened.rows)

    assert [(each.line, orjson.loads(each.body)["object"]["id"]) for each in found if isinstance(each, Row)] == [
        (4, "a"), (5, "b"), (7, "c"),
    ]  # fmt: skip


def test_a_quote_that_never_closes_swallows_nothing_in_silence(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('who,did,what\nann,x,a\nbob,x,"b\ncy,x,c\n')

    with open_input(tmp_path / "t.csv", MOST, MAP) as opened:
        found = list(opened.rows)

    assert [(each.line, type(each)) for each in found] == [(2, Row), (3, BadRow)]


def test_what_comes_through_a_pipe_is_read_as_a_file_is(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with ThreadPoolExecutor() as beside:
        beside.submit((tmp_path / "pipe").write_bytes, gzip.compress(b'{"id": 1}\n{"id": 2}\n'))
        with open_input(tmp_path / "pipe", MOST, None) as opened:
            found = list(opened.rows)
            assert opened.position == opened.size

    assert found == [Row(1, b'{"id": 1}'), Row(2, b'{"id": 2}')]


def archived(path: Path, *members: tuple[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        link = tarfile.TarInfo(f"attachments/{'b' * 64}")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return path


def test_an_archive_gives_its_statements_and_attachments_and_nothing_else_of_it_is_written(tmp_path: Path) -> None:
    sha2 = "a" * 64
    file = archived(
        tmp_path / "x.tar.gz", ("../evil", b"1"), (f"backup/attachments/{sha2.upper()}", b"octets"),
        ("attachments/../../evil", b"1"), ("backup/statements.ndjson", b"{}\n"), ("other.txt", b"1"),
    )  # fmt: skip

    with open_input(file, MOST, None) as opened:
        assert list(opened.rows) == [Row(1, b"{}")]
        assert opened.attachments
        assert [(path.name, path.read_bytes()) for path in opened.attachments.iterdir()] == [(sha2, b"octets")]
        folder = opened.attachments.parent
        assert sorted(path.name for path in folder.iterdir()) == ["attachments", "statements.ndjson"]
    assert not folder.exists()


def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson.gz").write_bytes(b"plain")
    (tmp_path / "b.tar.gz").write_bytes(gzip.compress(b"no archive"))
    archived(tmp_path / "c.tar.gz", ("other.txt", b""))

    for name in ("a.ndjson.gz", "b.tar.gz", "c.tar.gz"):
        with pytest.raises(BadFile), open_input(tmp_path / name, MOST, None):
            pass


def test_a_file_is_named_by_its_content(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    (tmp_path / "b").write_bytes(b"1")

    assert (
        fingerprint(tmp_path / "a")
        == fingerprint(tmp_path / "b")
        == "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"
    )

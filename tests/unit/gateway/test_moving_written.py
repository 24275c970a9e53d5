"""Statements as people, and other LRSs, write them into files."""

from __future__ import annotations

import io
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.gateway.moving.enveloped import statement_in
from services.gateway.moving.rows import BadRow, Row
from services.gateway.moving.written import rows_of
from tests.support.statements import json_values

MOST = 1_000_000
STATEMENT = {"id": "1", "actor": {"mbox": "mailto:ann@example.org"}, "context": {"extensions": {"https://a.example/b": 1.5}}}
objects = st.dictionaries(st.text(max_size=5), json_values, max_size=3)


class Trickle(io.BytesIO):
    """A file that gives a few bytes at a time."""

    def __init__(self, content: bytes, size: int) -> None:
        super().__init__(content)
        self._size = size

    def read(self, size: int | None = -1, /) -> bytes:
        del size
        return super().read(self._size)


def read(content: bytes, size: int = 4096) -> list[Row | BadRow]:
    return list(rows_of(Trickle(content, size), content[:4096].lstrip(), MOST))


def pretty(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2)


@settings(max_examples=60)
@given(st.lists(objects, min_size=1, max_size=5), st.integers(1, 40), st.sampled_from([b"\n", b"", b"\r\n\r\n", b",\n"]))
def test_objects_over_several_lines_are_read_wherever_the_file_is_cut(values: list[Any], size: int, between: bytes) -> None:
    try:
        content = between.join(pretty({"first": 1, **value}) for value in values)
    except orjson.JSONEncodeError:  # a whole number beyond 64 bits
        return

    found = read(content, size)

    assert [orjson.loads(each.body) for each in found if isinstance(each, Row)] == [{"first": 1, **value} for value in values]
    assert not [each for each in found if isinstance(each, BadRow)]


@settings(max_examples=60)
@given(st.lists(st.lists(objects, max_size=3), min_size=1, max_size=3), st.integers(1, 40), st.booleans())
def test_saved_answers_give_their_statements(pages: list[list[Any]], size: int, first: bool) -> None:  # noqa: FBT001
    try:
        answers = [{"more": "", "statements": page} if first else {"statements": page, "more": ""} for page in pages]
        content = b"\n".join(map(pretty if first else orjson.dumps, answers))
    except orjson.JSONEncodeError:
        return

    found = read(content, size)

    assert [orjson.loads(each.body) for each in found if isinstance(each, Row)] == [each for page in pages for each in page]
    assert not [each for each in found if isinstance(each, BadRow)]


def test_each_is_told_by_the_line_on_which_it_starts() -> None:
    assert [each.line for each in read(b'{\n"a": 1\n}\n\n{\n"b": "}"\n}\n')] == [1, 5]
    assert [each.line for each in read(b'{"statements": [\n{"a": 1},\n{"b": 2}], "more": ""}')] == [2, 3]


@pytest.mark.parametrize("pages", [["/xapi/statements?page=2"], ["/xapi/statements?page=2", "/xapi/statements?page=3"]])
def test_a_page_behind_which_there_are_more_says_so(pages: list[str]) -> None:
    content = b"\n".join(orjson.dumps({"statements": [{}], "more": each}) for each in pages)

    found = read(content)

    assert [each.rule for each in found if isinstance(each, BadRow)] == ["more"]
    assert pages[-1] in str(found[-1])


def test_several_pages_of_which_the_last_is_there_are_whole() -> None:
    content = b'{"statements": [{}], "more": "/xapi/statements?page=2"}\n{"statements": [{}], "more": ""}'

    assert [type(each) for each in read(content)] == [Row, Row]


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b'{\n"a": 1\n}\n{\n"b": ', 1),
        (b'{\n"a": 1\n}\nand so on', 1),
        (b'{"statements": [{"a": 1}, {"b": ', 1),
        (b'{"statements": [{"a": 1}], "more": ""} and so on', 1),
    ],
)
def test_what_is_cut_off_gives_what_is_whole(content: bytes, rows: int) -> None:
    found = read(content)

    assert len([each for each in found if isinstance(each, Row)]) == rows
    assert [each.rule for each in found if isinstance(each, BadRow)] == ["json"]


def test_ndjson_whose_first_line_is_broken_gives_the_other_lines() -> None:
    assert read(b'{"id": {"x"\n{"id": 2}\n') == [Row(1, b'{"id": {"x"'), Row(2, b'{"id": 2}')]


@pytest.mark.parametrize(
    "record",
    [
        {"_id": {"$oid": "5a"}, "hash": "x", "statement": STATEMENT, "stored": {"$date": "2025-01-01T00:00:00Z"}},
        {"_index": "statements", "_id": "a", "_source": STATEMENT},
        {"event_id": "1", "emission_time": "2025-01-01T00:00:00", "event": orjson.dumps(STATEMENT).decode()},
    ],
)
def test_a_record_of_another_database_gives_its_statement(record: dict[str, Any]) -> None:
    assert orjson.loads(statement_in(orjson.dumps(record)) or b"") == STATEMENT


def test_dots_in_keys_are_dots_again() -> None:
    kept = {**STATEMENT, "context": {"extensions": {"https://a&46;example/b": 1.5}}}

    assert orjson.loads(statement_in(orjson.dumps({"statement": kept})) or b"") == STATEMENT


@pytest.mark.parametrize(
    "body", [b"7", b"{", b"[]", b"{}", b'{"statement": "no"}', b'{"statement": {}}', b'{"actor": 1, "statement": {}}']
)
def test_what_is_no_such_record_holds_none(body: bytes) -> None:
    assert statement_in(body) is None

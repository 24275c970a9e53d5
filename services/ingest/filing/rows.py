"""A file as rows of named cells, with the line that each stands in: CSV with a header, one JSON object on each line, or JSON.

The rows of JSON stand somewhere within it, and are counted.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import orjson

from shared.spreadsheets import Lines, heading
from shared.xapi.model import JSON

MOST_CHARACTERS: Final = 200_000
MOST_DEPTH: Final = 4


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its line (the header of a CSV file is line 1), and its cells by column, without white space around them."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Fault:
    """A row that cannot be taken: its line, and why."""

    line: int
    reason: str


def read_csv(lines: Iterable[str], escaped: Collection[str] = ()) -> Iterator[Row | Fault]:
    """Yield the rows of a CSV file, comma, semicolon or tab; what cannot be read is told, and what follows is read on.

    In files that have one of the columns *escaped* a quote stands behind a backslash, where others double it.
    """
    csv.field_size_limit(max(MOST_CHARACTERS, csv.field_size_limit()))  # one for the process: others may need more
    text = iter(lines)
    top = heading(text)
    if not top.text:
        yield Fault(top.line, "the file is empty: its first line names its columns")
        return
    names = [name.strip() for name in next(csv.reader([top.text], delimiter=top.delimiter), [])]
    source = Lines(text, escaped=not {each.casefold() for each in escaped}.isdisjoint(name.casefold() for name in names))
    reader = csv.reader(source, delimiter=top.delimiter)
    while True:
        line = reader.line_num + top.line + 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Fault(line, f"not CSV: {error}")
            continue
        if source.ended:
            yield Fault(line, "not CSV from here on: a quote opens and never closes, nothing from this line on was taken")
        elif any(value.strip() for value in values):
            yield _row(line, names, values)


def read_ndjson(lines: Iterable[str]) -> Iterator[Row | Fault]:
    """Yield the objects of a file with one on each line; a member of a member is called `outer.inner`."""
    for line, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        try:
            document = orjson.loads(text.encode(errors="surrogateescape"))
        except (orjson.JSONDecodeError, UnicodeEncodeError) as error:
            yield Fault(line, f"not JSON: {error}")
            continue
        yield Row(line, dict(_flat(document))) if isinstance(document, dict) else Fault(line, "not a JSON object")


def read_json(lines: Iterable[str], path: str) -> Iterator[Row | Fault]:
    """Yield the objects at *path* of a JSON document, such as `conversations.messages`, through every list on the way."""
    text = "".join(lines)
    try:
        document = orjson.loads(text.encode(errors="surrogateescape"))
    except (orjson.JSONDecodeError, UnicodeEncodeError) as error:
        yield Fault(1, f"not JSON: {error}")
        return
    names = path.split(".") if path else []
    if not _has(document, names):
        yield Fault(1, f"nothing stands at {path}: is it the right file, or an answer that tells of an error?")
    for count, each in enumerate(_within(document, names), start=1):
        yield Row(count, dict(_flat(each))) if isinstance(each, dict) else Fault(count, "not a JSON object")


def _within(document: JSON, names: list[str]) -> Iterator[JSON]:
    if isinstance(document, list):
        for each in document:
            yield from _within(each, names)
    elif not names:
        yield document
    elif isinstance(document, dict) and names[0] in document:
        yield from _within(document[names[0]], names[1:])


def _has(document: JSON, names: list[str]) -> bool:
    """Say whether there is what *names* lead to, be it empty."""
    if isinstance(document, list):
        return not document or any(_has(each, names) for each in document)
    return not names or (isinstance(document, dict) and names[0] in document and _has(document[names[0]], names[1:]))


def _row(line: int, names: list[str], values: list[str]) -> Row | Fault:
    while len(values) > len(names) and not values[-1].strip():
        values = values[:-1]
    if len(values) > len(names):
        return Fault(line, f"{len(values)} cells under {len(names)} columns")
    if any(len(value) > MOST_CHARACTERS for value in values):
        return Fault(line, f"a cell has more than {MOST_CHARACTERS} characters")
    cells = {name: value.strip() for name, value in zip(names, values, strict=False)}
    if any("\udc80" <= character <= "\udcff" for value in cells.values() for character in value):
        return Fault(line, "not UTF-8: save the file as UTF-8")
    return Row(line, cells)


def _flat(document: Mapping[str, JSON], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    for name, value in document.items():
        match value:
            case dict() if depth < MOST_DEPTH:
                yield from _flat(value, f"{prefix}{name}.", depth + 1)
            case str():
                yield prefix + name, value.strip()
            case bool():
                yield prefix + name, "true" if value else "false"
            case int() | float():
                yield prefix + name, str(value)
            case _:
                continue

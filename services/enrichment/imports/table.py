"""A CSV file as rows with line numbers, whatever the spreadsheet or system that wrote it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final, Protocol

from shared.spreadsheets import PLACEHOLDER, WORKBOOKS, Heading, decoding_of, heading

NOT_UTF8: Final = re.compile("[\udc80-\udcff]")
"""Bytes that are no UTF-8, as `surrogateescape` writes them."""
LIST_SEPARATOR: Final = "|"
MOST_CHARACTERS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Fault:
    """A row that cannot be taken: its line in the file, the column, and why."""

    line: int
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file: its line, and its cells by column, each without surrounding white space."""

    line: int
    cells: dict[str, str]

    def text(self, column: str) -> str:
        """Return the cell of *column*, or an empty text."""
        return self.cells.get(column, "")

    def items(self, column: str) -> tuple[str, ...]:
        """Return the parts of a cell that lists several things, separated by `|`."""
        parts = (part.strip() for part in self.text(column).split(LIST_SEPARATOR))
        return tuple(dict.fromkeys(part for part in parts if part))


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that a file must have and may have.

    *filled* maps a column to what fills it: a header of the file, or a template such as `{Login}@https://lms.example`. With
    *filled*, headers that fill nothing are passed over. Cells of the columns *lists* may list several things.
    """

    required: Sequence[str]
    optional: Sequence[str]
    filled: Mapping[str, str] = field(default_factory=dict)
    lists: Sequence[str] = ()

    @property
    def known(self) -> tuple[str, ...]:
        """Return all columns."""
        return (*self.required, *self.optional)

    def sources(self, column: str) -> list[str]:
        """Return the headers that fill *column*, normalised for comparison."""
        written = self.filled.get(column, column)
        return [_plain(name) for name in PLACEHOLDER.findall(written) or [written]]

    def cell(self, column: str, cells: Mapping[str, str]) -> str:
        """Return the cell of *column*; of a template, those parts between `|` of which no placeholder is empty."""
        written = self.filled.get(column, column)
        if not PLACEHOLDER.search(written):
            return cells.get(_plain(written), "")
        parts = written.split(LIST_SEPARATOR)
        whole = [part for part in parts if all(cells.get(_plain(name)) for name in PLACEHOLDER.findall(part))]
        return LIST_SEPARATOR.join(PLACEHOLDER.sub(lambda found: cells[_plain(found[1])], part) for part in whole).strip()

    def splits(self, column: str, cells: Mapping[str, str]) -> bool:
        """Say whether a `|` in a cell would make a template yield several items, so that one login could claim two accounts."""
        if column not in self.lists or not PLACEHOLDER.search(self.filled.get(column, column)):
            return False
        return any(LIST_SEPARATOR in cells.get(name, "") for name in self.sources(column))


class LineCounter(Protocol):
    """A CSV reader, which counts the lines of the file."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]:
        """Yield the cells of each row."""


def read(content: bytes, columns: Columns) -> Iterator[Row | Fault]:
    """Yield the rows of a CSV file, or a Fault for what is not one.

    The file is UTF-8, or UTF-16 with a byte order mark, and separated by comma, semicolon or tab. A row without a required cell
    is a fault; so is a file without a required column, with an unknown one, or with one twice.
    """
    if content.startswith(WORKBOOKS):
        yield Fault(1, "", "the file is a workbook or an archive, not CSV; save the sheet as CSV UTF-8")
        return
    encoding, errors = decoding_of(content)
    csv.field_size_limit(max(len(content), csv.field_size_limit()))  # one for the process: others may need more
    lines = io.TextIOWrapper(io.BytesIO(content), encoding, errors, newline="")
    top = heading(lines)
    if not top.text:
        yield Fault(1, "", f"the file is empty; its first line names its columns: {', '.join(columns.known)}")
        return
    if "\0" in top.text or NOT_UTF8.search(top.text):
        yield Fault(top.line, "", "the file is not UTF-8; save it as CSV UTF-8")
        return
    reader = csv.reader(chain([top.text], lines), delimiter=top.delimiter, strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        yield Fault(top.line, "", f"not CSV: {error}")
        return
    faults = [Fault(top.line, column, reason) for column, reason in _header_faults(header, columns)]
    yield from faults or _rows(reader, [_plain(name) for name in header], columns, top)


def _plain(name: str) -> str:
    """Normalise the name of a column for comparison: lower case, with `_` for spaces and hyphens."""
    return re.sub(r"[\s-]+", "_", name.strip().lower())


def _header_faults(header: Sequence[str], columns: Columns) -> Iterator[tuple[str, str]]:
    names = [_plain(name) for name in header]
    known, there = ", ".join(columns.known), ", ".join(filter(None, header))
    for column in columns.known:
        missing = [name for name in columns.sources(column) if name not in names]
        if column in columns.filled and missing:
            yield column, f"there is no column {', '.join(missing)!r}; those of the file: {there}"
        elif column in columns.required and missing:
            yield column, f"the column is missing; known columns: {known}. --column {column}=HEADER names the one that holds it"
        if any(names.count(name) > 1 for name in columns.sources(column)):
            yield column, "the column is there twice"
    unknown = list(dict.fromkeys(written for written in header if written and _plain(written) not in columns.known))
    if unknown and not columns.filled:
        alone = unknown[0] if len(unknown) == 1 else ""
        yield alone, f"not known: {', '.join(unknown)}; known columns: {known}. With --column others are passed over"


def _rows(reader: LineCounter, names: Sequence[str], columns: Columns, top: Heading) -> Iterator[Row | Fault]:
    before = top.line - 1
    line = reader.line_num + before + 1
    told = [column for column in columns.known if set(columns.sources(column)) <= set(names)]
    try:
        for values in reader:
            at, line = line, reader.line_num + before + 1
            if any(value.strip() for value in values) and not _is_header(values, names):
                yield _row(at, names, values, columns, told)
    except csv.Error as error:
        yield Fault(line, "", f"not CSV from here on ({error}): nothing from this line on was read; does a quote not close?")


def _is_header(values: Sequence[str], names: Sequence[str]) -> bool:
    """Say whether a row repeats the header, as where files were joined; for most rows the first cell decides."""
    return len(values) == len(names) and all(_plain(value) == name for value, name in zip(values, names, strict=True))


def _row(line: int, names: Sequence[str], values: Sequence[str], columns: Columns, told: Sequence[str]) -> Row | Fault:
    held = len(values) - next((count for count, value in enumerate(reversed(values)) if value.strip()), 0)
    if held > len(names):
        return Fault(line, "", f"{len(values)} cells under {len(names)} columns")
    if any(value.strip() for name, value in zip(names, values, strict=False) if not name):
        return Fault(line, "", "a cell stands under a column without a name")
    found = {name: value.strip() for name, value in zip(names, values, strict=False)}
    cells = {column: columns.cell(column, found) for column in told}
    for column, value in cells.items():
        if reason := _unreadable(value):
            return Fault(line, column, reason)
        if columns.splits(column, found):
            return Fault(line, column, f"a cell that it is filled from holds {LIST_SEPARATOR}, which stands between several")
    empty = next((name for name in columns.required if not cells.get(name)), None)
    return Fault(line, empty, "is empty") if empty else Row(line, cells)


def _unreadable(value: str) -> str | None:
    """Return why the text of a cell cannot be taken, or None where it can."""
    if "\0" in value:
        return "holds a NUL character"
    if NOT_UTF8.search(value):
        return "is not UTF-8; save the file as CSV UTF-8"
    return f"is longer than {MOST_CHARACTERS} characters" if len(value) > MOST_CHARACTERS else None

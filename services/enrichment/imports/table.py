"""A CSV file as rows with line numbers, whatever the spreadsheet that wrote it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

DELIMITERS = ",;\t"
NOT_UTF8 = re.compile("[\udc80-\udcff]")
"""Bytes that are no UTF-8, as `surrogateescape` writes them."""
LIST_SEPARATOR = "|"
MOST_CHARACTERS = 10_000


@dataclass(frozen=True, slots=True)
class Fault:
    """A row that cannot be taken: its line in the file (the header is line 1), the column, and why."""

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


class LineCounter(Protocol):
    """A CSV reader, which counts the lines of the file."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]:
        """Yield the cells of each row."""


def read(content: bytes, *, required: Sequence[str], optional: Sequence[str]) -> tuple[list[Row], list[Fault]]:
    """Return the rows of a CSV file (UTF-8; comma, semicolon or tab; header first) and what is wrong with the others.

    A row without a *required* cell is a fault; so is a file without a required column, with an unknown one, or with one twice.
    """
    text = content.decode("utf-8-sig", errors="surrogateescape")
    header, _, _ = text.partition("\n")
    if "\0" in header or NOT_UTF8.search(header):
        return [], [Fault(1, "", "the file is not UTF-8; save it as CSV UTF-8")]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(DELIMITERS, key=header.count), strict=True)
    try:
        names = [name.strip().lower() for name in next(reader, [])]
    except csv.Error as error:
        return [], [Fault(1, "", f"not CSV: {error}")]
    faults = _header_faults(names, required, optional)
    if faults:
        return [], faults
    checked = list(_rows(reader, names, required))
    return [row for row in checked if isinstance(row, Row)], [fault for fault in checked if isinstance(fault, Fault)]


def _header_faults(names: Sequence[str], required: Sequence[str], optional: Sequence[str]) -> list[Fault]:
    known = ", ".join((*required, *optional))
    missing = [Fault(1, name, f"the column is missing; known columns: {known}") for name in required if name not in names]
    unknown = [
        Fault(1, name, f"the column is not known; known columns: {known}") for name in names if name not in {*required, *optional}
    ]
    twice = [Fault(1, name, "the column is there twice") for name in (*required, *optional) if names.count(name) > 1]
    return missing + unknown + twice


def _rows(reader: LineCounter, names: Sequence[str], required: Sequence[str]) -> Iterator[Row | Fault]:
    line = 2
    try:
        for values in reader:
            at, line = line, reader.line_num + 1
            if any(value.strip() for value in values):
                yield _row(at, names, values, required)
    except csv.Error as error:
        yield Fault(line, "", f"not CSV from here on: {error}")


def _row(line: int, names: Sequence[str], values: Sequence[str], required: Sequence[str]) -> Row | Fault:
    if len(values) > len(names):
        return Fault(line, "", f"{len(values)} cells under {len(names)} columns")
    cells = {name: value.strip() for name, value in zip(names, values, strict=False)}
    for name, value in cells.items():
        if "\0" in value:
            return Fault(line, name, "holds a NUL character")
        if NOT_UTF8.search(value):
            return Fault(line, name, "is not UTF-8; save the file as CSV UTF-8")
        if len(value) > MOST_CHARACTERS:
            return Fault(line, name, f"is longer than {MOST_CHARACTERS} characters")
    empty = next((name for name in required if not cells.get(name)), None)
    return Fault(line, empty, "is empty") if empty else Row(line, cells)

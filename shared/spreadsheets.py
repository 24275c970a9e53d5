"""Files of rows that spreadsheets and other systems write: what they are written in, where their header is, what cells hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

DELIMITERS: Final = (",", ";", "\t")
UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
"""How a file begins that a spreadsheet saves as "Unicode text"."""
WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How workbooks begin (.xlsx, .ods and other zip archives; .xls)."""
NOTHING: Final = " \r\n,;\t"
"""What an empty line may hold."""
PLACEHOLDER: Final = re.compile(r"\{([^{}]+)\}")
"""The name of a column in a template, such as `{Login}@https://lms.example`."""
ROUNDED: Final = re.compile(r"[+-]?\d(?:[.,]\d+)?E\+\d+", re.IGNORECASE)
"""A long number as a spreadsheet saves it: many ids are then one."""
_SEPARATOR: Final = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
"""A first line by which Excel is told what stands between cells."""


class Heading(NamedTuple):
    """The line of a file that names its columns: its number, its text, and what stands between cells."""

    line: int
    text: str
    delimiter: str


class Decoding(NamedTuple):
    """How a file is read as text: what it is written in, and what becomes of bytes that are none of that."""

    encoding: str
    errors: str


def decoding_of(beginning: bytes) -> Decoding:
    """Return how to read a file that begins so: as UTF-16 if its first two bytes say it, else as UTF-8.

    What is no UTF-8 is kept as surrogates, so that it can be told where it stands.
    """
    return Decoding("utf-16", "replace") if beginning[:2] in UTF_16 else Decoding("utf-8-sig", "surrogateescape")


def heading(lines: Iterator[str]) -> Heading:
    """Read *lines* up to the header, past empty ones and one that only says what stands between cells."""
    said, line = "", 0
    for line, text in enumerate(lines, start=1):
        written = text.removeprefix("\ufeff") if line == 1 else text
        if found := _SEPARATOR.fullmatch(written.strip("\r\n")):
            said = found[1]
        elif written.strip(NOTHING):
            return Heading(line, written, said or max(DELIMITERS, key=written.count))
    return Heading(max(line, 1), "", DELIMITERS[0])


class Lines:
    """Lines of a file, and whether somebody asked for more than there are: a CSV reader does within a quote that never closes.

    Where quotes are *escaped* by a backslash, they are doubled instead, as CSV has them.
    """

    def __init__(self, lines: Iterator[str], *, escaped: bool = False) -> None:
        self._lines = lines
        self._escaped = escaped
        self.ended = False

    def __iter__(self) -> Iterator[str]:
        """Return itself."""
        return self

    def __next__(self) -> str:
        """Return the next line."""
        line = next(self._lines, None)
        if line is None:
            self.ended = True
            raise StopIteration
        return line.replace(r"\"", '""') if self._escaped else line

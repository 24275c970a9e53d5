"""Read the rows of a file one at a time: the bytes of a statement each, or what is wrong with it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, ClassVar, Final, NamedTuple, Protocol, TypeAlias

import orjson

from services.gateway.domain.column_map import BadCell, Cells, Parts, check_header, own_parts, own_statement, statement_of
from shared.spreadsheets import Lines, decoding_of, heading
from shared.xapi.model import JSON

CHUNK: Final = 1024 * 1024
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
WHITE_SPACE: Final = b" \t\r\n"
# A string's closing quote is optional, so that a string that goes on in the next chunk is a token too, and the walk stays linear.
_TOKEN: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+("?)|[{}\[\],]', re.DOTALL)


class Row(NamedTuple):
    """What should be a statement, unchecked, and the line on which it starts, counted from 1."""

    line: int
    body: bytes


class BadRow(NamedTuple):
    """A row that cannot be taken: its line, a JSON pointer (RFC 6901) into the statement, the rule's slug, and a sentence."""

    line: int
    pointer: str
    rule: str
    message: str


Rows: TypeAlias = Iterator[Row | BadRow]


class Readable(Protocol):
    """A binary file, or what is unpacked from one."""

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes."""

    def readline(self, size: int | None = -1, /) -> bytes:
        """Return the rest of the line."""


def lines(file: Readable, most: int) -> Rows:
    """Yield the lines of NDJSON that are not empty; one of more than *most* bytes is bad."""
    number = 0
    while line := file.readline(most + 1):
        number += 1
        if len(line) > most and not line.endswith(b"\n"):
            while (rest := file.readline(CHUNK)) and not rest.endswith(b"\n"):
                pass
            yield _too_large(number, most)
        elif body := line.removeprefix(BYTE_ORDER_MARK if number == 1 else b"").strip(WHITE_SPACE):
            yield Row(number, body)


def items(file: Readable, most: int) -> Rows:
    """Yield the items of a JSON array of any size; reading ends at an item of more than *most* bytes."""
    return walked(Walk(), file, most)


def walked(walk: Walk, file: Readable, most: int) -> Rows:
    """Yield what *walk* finds in *file*; reading ends at an item of more than *most* bytes."""
    while chunk := file.read(CHUNK):
        yield from walk.take(chunk)
        if walk.held > most + CHUNK:
            yield _too_large(walk.line, most)
            return
    yield from walk.end()


class Walk:
    """A walk along JSON text that finds items: the values at the depth *FLOOR*, which is 1 for those of an array."""

    FLOOR: ClassVar[int] = 1
    CUT_OFF: ClassVar[str] = "The array has no end: the file is cut off."
    BEHIND: ClassVar[str] = "Something stands behind the array."

    def __init__(self) -> None:
        self.line = 1
        self._buffer = b""
        self._at = 0
        self._start = 0
        self._depth = 0
        self._ended = False

    @property
    def held(self) -> int:
        """Return how many bytes wait for an item's end."""
        return len(self._buffer)

    def take(self, chunk: bytes) -> Rows:
        """Yield the items that end in *chunk*, the next piece of the text."""
        self._buffer += chunk
        for token in _TOKEN.finditer(self._buffer, self._at):
            text = token.group()
            if text[:1] == b'"':
                if not token.group(1):
                    break
            elif text == b",":
                if self._depth == self.FLOOR:
                    yield from self._separate(token.start(), token.end())
            elif text in {b"{", b"["}:
                self._depth += 1
                if self._depth == self.FLOOR:
                    self._begin(token.end())
            else:
                self._depth -= 1
                yield from self._close(token.start(), token.end())
            self._at = token.end()
        self._forget()

    def end(self) -> Rows:
        """Yield what is wrong at the file's end."""
        if not self._ended:
            yield BadRow(self.line, "", "json", self.CUT_OFF)
        elif self._buffer[self._start :].strip(WHITE_SPACE):
            yield BadRow(self.line, "", "json", self.BEHIND)

    def _begin(self, first: int) -> None:
        """Enter a container of items, the first of which begins at the offset *first*."""
        self._pass(first)

    def _separate(self, end: int, behind: int) -> Rows:
        """Yield the item that a comma ends, at the offset *end*."""
        yield from self._item(end, behind)

    def _close(self, end: int, behind: int) -> Rows:
        """Yield the last item before a closing bracket, unless there is none."""
        if self._depth == self.FLOOR - 1:
            if self._buffer[self._start : end].strip(WHITE_SPACE):
                yield from self._item(end, behind)
            self._start = behind
        self._ended = self._depth == 0

    def _item(self, end: int, behind: int) -> Rows:
        whole = self._buffer[self._start : end]
        body = whole.lstrip(WHITE_SPACE)
        first = self.line + whole[: len(whole) - len(body)].count(b"\n")
        self._pass(behind)
        yield Row(first, body.rstrip(WHITE_SPACE))

    def _pass(self, behind: int) -> None:
        """Count the lines up to the offset *behind*, where the next item starts."""
        self.line += self._buffer.count(b"\n", self._start, behind)
        self._start = behind

    def _forget(self) -> None:
        """Drop the part of the buffer that was walked through."""
        self._buffer = self._buffer[self._start :]
        self._at -= self._start
        self._start = 0


def table(file: Any, most: int, parts: Parts | None) -> Rows:
    """Yield the rows of a CSV table with a header, read by the *parts* of a column map, or if None as our export writes them.

    *most* bounds the characters of a cell. Raises BadMap where the header does not fit.
    """
    csv.field_size_limit(max(most, csv.field_size_limit()))  # one for the process: others may need more
    encoding, errors = decoding_of(file.peek(2))
    text = io.TextIOWrapper(file, encoding=encoding, errors=errors, newline="")
    try:
        top = heading(iter(partial(text.readline, most), ""))
        header = next(csv.reader([top.text], delimiter=top.delimiter), [])
        if parts is None:
            chosen, make = own_parts(header), own_statement
        else:
            check_header(header, parts)
            chosen, make = parts, statement_of
        source = Lines(text)
        reader = csv.reader(source, delimiter=top.delimiter)
        yield from _made(reader, source, header, top.line, lambda cells: make(cells, chosen))
    finally:
        text.detach()  # or else it closes the file


def _made(reader: Any, source: Lines, header: Sequence[str], behind: int, make: Callable[[Cells], JSON]) -> Rows:
    """Yield the rows of *reader*, which come after the *header* on the line *behind*."""
    while True:
        line = reader.line_num + behind + 1
        try:
            cells = next(reader, None)
            if cells is None:
                return
            if source.ended:
                yield BadRow(line, "", "csv", "A quote opens and never closes: from here on nothing was taken.")
            elif any(cells):
                yield _row(line, header, cells, make)
        except BadCell as error:
            yield BadRow(line, error.pointer, "cell", error.message)
        except orjson.JSONEncodeError:
            yield BadRow(line, "", "encoding", "The row is not UTF-8.")
        except csv.Error as error:
            yield BadRow(line, "", "csv", f"The row cannot be read: {error}.")


def _row(line: int, header: Sequence[str], cells: list[str], make: Callable[[Cells], JSON]) -> Row | BadRow:
    while len(cells) > len(header) and not cells[-1]:
        cells.pop()
    if len(cells) != len(header):
        return BadRow(line, "", "columns", f"The row has {len(cells)} cells, the header {len(header)}.")
    return Row(line, orjson.dumps(make(dict(zip(header, cells, strict=True)))))


def _too_large(line: int, most: int) -> BadRow:
    return BadRow(line, "", "size", f"It has more than {most} bytes.")

"""Read JSON as people and other LRSs write it: statements over several lines, and saved answers of a statement resource."""

from __future__ import annotations

import re
from typing import ClassVar, Final

from services.gateway.moving.rows import WHITE_SPACE, BadRow, Readable, Rows, Walk, items, lines, walked

_RESULT: Final = re.compile(rb'\{\s*"(?:statements|more)"\s*:')
_SPREAD: Final = re.compile(rb"\{[ \t\r]*\n")
"""The start of an object whose members stand on lines of their own."""
_MORE: Final = re.compile(rb'"more"\s*:\s*"((?:[^"\\]|\\.)+)"')


def rows_of(file: Readable, start: bytes, most: int) -> Rows:
    """Yield the statements of *file*; its *start* tells arrays, saved answers, objects over several lines and NDJSON apart."""
    if start.startswith(b"["):
        return items(file, most)
    if _RESULT.match(start):
        return walked(_Answers(), file, most)
    return walked(_Sequence(), file, most) if _SPREAD.match(start) else lines(file, most)


class _Sequence(Walk):
    """JSON objects, one after the other."""

    FLOOR: ClassVar[int] = 0
    CUT_OFF: ClassVar[str] = "The last statement has no end: the file is cut off."

    def _separate(self, end: int, behind: int) -> Rows:
        """Pass over a comma, which some write between objects."""
        if self._buffer[self._start : end].strip(WHITE_SPACE):
            yield from self._item(end, behind)
        self._pass(behind)

    def _close(self, end: int, behind: int) -> Rows:
        del end
        self._ended = self._depth == 0
        if self._ended:
            yield from self._item(behind, behind)

    def end(self) -> Rows:
        """Yield what is wrong at the file's end."""
        if self._buffer[self._start :].strip(WHITE_SPACE):
            yield BadRow(self.line, "", "json", self.CUT_OFF)


class _Answers(Walk):
    """Answers of a statement resource (1.0.3 Data, section 5: StatementResult), one or several."""

    FLOOR: ClassVar[int] = 2
    CUT_OFF: ClassVar[str] = "The answer has no end: the file is cut off."
    BEHIND: ClassVar[str] = "Something stands behind the answer."

    def __init__(self) -> None:
        super().__init__()
        self._more = ""

    def end(self) -> Rows:
        """Yield what is wrong at the file's end, including that the last answer was not the last page."""
        yield from super().end()
        if self._more:
            message = f"This is a page of an answer, and there are more behind it: {self._more}. Import from the LRS, by its URL."
            yield BadRow(self.line, "/more", "more", message)

    def _begin(self, first: int) -> None:
        self._more = ""
        self._look(first)
        super()._begin(first)

    def _close(self, end: int, behind: int) -> Rows:
        yield from super()._close(end, behind)
        if self._depth == 0:
            self._look(end)
            self._pass(behind)

    def _look(self, end: int) -> None:
        """Note the address of the next page, if it stands before the offset *end*."""
        if found := _MORE.search(self._buffer, self._start, end):
            self._more = found[1].decode(errors="replace")[:200]

"""Files of rows that a command is given, and what it says where one cannot be read."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

import typer

from services.commands.faults import Refused
from shared.files import DAMAGED, STDIN, unpacked
from shared.spreadsheets import WORKBOOKS, decoding_of

_PEEKED: Final = 4


def present(file: Path) -> Path:
    """Return *file*, which can be read. Raises BadParameter."""
    if file == STDIN:
        return file
    if file.is_dir():
        raise typer.BadParameter(f"{file} is a directory.")
    if not file.exists():
        raise typer.BadParameter(f"{file} does not exist.")
    if not os.access(file, os.R_OK):
        raise typer.BadParameter(f"{file} cannot be read: it is not permitted.")
    return file


def name_of(file: Path) -> str:
    """Return what *file* is called where somebody reads of it."""
    return "standard input" if file == STDIN else file.name


def content_of(file: Path) -> bytes:
    """Return all that *file* holds. Raises Refused where it is damaged."""
    try:
        with unpacked(file) as raw:
            return raw.read()
    except DAMAGED as error:
        raise Refused(f"{name_of(file)} cannot be unpacked: {error}. Nothing of it was taken.") from error


@contextmanager
def lines_of(file: Path) -> Iterator[Iterator[str]]:
    """Open *file* as lines of text, UTF-8 or, where it says so, UTF-16. Raises Refused for workbooks, and where it is damaged."""
    with unpacked(file) as raw:
        try:
            beginning = raw.peek(_PEEKED)
        except DAMAGED as error:
            raise Refused(f"{name_of(file)} cannot be unpacked: {error}. Nothing of it was taken.") from error
        if beginning.startswith(WORKBOOKS):
            raise Refused(f"{name_of(file)} is a workbook or an archive: unpack it, or save the sheet as CSV UTF-8.")
        encoding, errors = decoding_of(beginning)
        text = io.TextIOWrapper(raw, encoding=encoding, errors=errors, newline="")
        try:
            yield _until_damaged(text, name_of(file))
        finally:
            text.detach()  # or else it closes what others opened


def _until_damaged(lines: IO[str], name: str) -> Iterator[str]:
    """Yield *lines*; raise Refused where what they come from turns out to be damaged."""
    read = 0
    try:
        for line in lines:
            read += 1
            yield line
    except DAMAGED as error:
        raise Refused(
            f"{name} cannot be unpacked behind line {read}: {error}. What stands before may have been taken; import a whole file."
        ) from error

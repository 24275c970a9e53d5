"""How commands print, and how they run what is asynchronous."""

from __future__ import annotations

import os
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, TextIO, TypeVar

import structlog
import typer
import uvloop
from rich.box import SIMPLE_HEAD
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from shared.telemetry import leave_logs_to_services

T = TypeVar("T")

DEFAULT_HOME: Final = Path("~/.symposia")
NONE: Final = "-"
"""What stands in a table where there is nothing."""
WIDE: Final = 200
"""Columns where no terminal says how many there are: programs read lines, people read screens."""
CONTROLS: Final = dict.fromkeys((*range(9), *range(11, 32), *range(127, 160)), "\ufffd")
"""What a terminal would obey instead of showing it: all control characters but tabs and line ends."""


class PlainConsole(Console):
    """A console that shows text as it stands: much of it was written by strangers, who give no orders to a terminal."""

    def __init__(self, *, stderr: bool = False, file: TextIO | None = None) -> None:
        super().__init__(stderr=stderr, file=file, highlight=False, markup=False, emoji=False)
        if not self.is_terminal:
            self.width = WIDE

    def render_str(self, text: str, **named: Any) -> Text:
        """Return *text* without control characters."""
        return super().render_str(text.translate(CONTROLS), **named)

    def on_broken_pipe(self) -> None:
        """Go on in silence: who reads what is printed has ended, as `head` does, and not what the command does."""
        self.quiet = True
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.file.fileno())
        os.close(nowhere)


out = PlainConsole()
"""What a command answers."""
err = PlainConsole(stderr=True)
"""What a command says about its work."""

HomeOption = Annotated[
    Path,
    typer.Option(
        "--home", envvar="SYMPOSIA_HOME", help="Folder of the installation: key, PostgreSQL, log.", show_default=str(DEFAULT_HOME)
    ),
]


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run *work* to its end; say so where somebody interrupts it."""
    if not structlog.is_configured():
        leave_logs_to_services()
    try:
        return uvloop.run(work)
    except KeyboardInterrupt:
        err.print("Interrupted.")
        raise


class Listing(Table):
    """A table that keeps keys and addresses whole; on a terminal too narrow for that, each row becomes a list."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Say how it is shown."""
        narrow = console.is_terminal and self.__rich_measure__(console, options).minimum > options.max_width
        for column in self.columns if console.is_terminal else ():
            column.no_wrap = all(isinstance(cell, str) and " " not in cell for cell in column.cells)
        return self._lists() if narrow else super().__rich_console__(console, options)

    def _lists(self) -> RenderResult:
        if self.title is not None:
            yield self.title
        for cells in zip(*(column.cells for column in self.columns), strict=True):
            row = Table.grid("", "", padding=(0, 2), pad_edge=True)
            row.columns[0].style, row.columns[0].no_wrap, row.columns[1].overflow = "bold", True, "fold"
            for column, cell in zip(self.columns, cells, strict=True):
                row.add_row(column.header, cell)
            yield row
            yield ""


def table(*columns: str, title: str | None = None) -> Table:
    """Return a table with *columns*; one whose name begins with `>` is set to the right."""
    made = Listing(title=title, title_justify="left", header_style="bold", box=SIMPLE_HEAD)
    for column in columns:
        made.add_column(column.removeprefix(">"), justify="right" if column.startswith(">") else "left", overflow="fold")
    return made


def day(moment: datetime | None) -> str:
    """Write a moment to the minute, in UTC; a dash where there is none."""
    return NONE if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def utc(moment: datetime | None) -> datetime | None:
    """Return *moment*, which somebody typed, as one: without an offset it is UTC."""
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment

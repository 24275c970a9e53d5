"""Progress bars: on a terminal a bar, elsewhere nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from services.commands.console import err

Advancing: TypeAlias = Callable[[int, int | None], None]
"""Tell how much is done, of how much; None where nobody knows."""


@contextmanager
def advancing(what: str) -> Iterator[Advancing]:
    """Show a bar for *what* while the block runs."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, disable=not err.is_terminal) as progress:
        task = progress.add_task(what, total=None)

        def tell(done: int, total: int | None) -> None:
            progress.update(task, completed=done, total=total)

        yield tell

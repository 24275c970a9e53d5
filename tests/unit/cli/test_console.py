from __future__ import annotations

import os
import subprocess
import sys
from io import StringIO

import pytest

from services.commands.console import WIDE, PlainConsole, table


class Terminal(StringIO):
    """A terminal that keeps what is written."""

    def isatty(self) -> bool:
        return True


def shown(*said: object) -> str:
    written = StringIO()
    PlainConsole(file=written).print(*said)
    return written.getvalue()


def test_what_a_stranger_wrote_is_shown_as_it_stands() -> None:
    reason = "400: [/b] is no [red]verb[/red] of tag:star:"
    letters = table("Why")
    letters.add_row(reason)

    assert shown(reason) == f"{reason}\n"
    assert reason in shown(letters)


def test_what_a_stranger_wrote_gives_no_orders_to_the_terminal() -> None:
    letters = table("Why")
    letters.add_row("\x1b]0;title\x07 a\tb")

    assert shown("\x1b[2J\r\x9bgone") == "\ufffd[2J\ufffd\ufffdgone\n"
    assert "\x1b" not in shown(letters)


@pytest.mark.parametrize("width", [30, 40, 60, 100])
def test_a_narrow_terminal_breaks_no_key(width: int) -> None:
    written = Terminal()
    keys = table("Key id", "Name", ">Used", "Scopes")
    keys.add_row("i45ugsobrfbyzswx", "the old one", "17", "all, impact/read, sources/read")

    terminal = PlainConsole(file=written)
    terminal.width = width
    terminal.print(keys)

    assert "i45ugsobrfbyzswx" in written.getvalue()
    assert "17" in written.getvalue()


def test_where_no_terminal_says_how_wide_it_is_lines_are_long() -> None:
    assert PlainConsole(file=StringIO()).width == WIDE


@pytest.mark.parametrize(("console", "stream"), [("out", 1), ("err", 2)])
def test_a_command_goes_on_where_nobody_reads_any_more_what_it_prints(console: str, stream: int) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    code = f"from services.commands.console import {console} as it\nfor _ in range(3): it.print('a line')\n"
    code += f"import os\nos.write({3 - stream}, b'done')"

    answer = subprocess.run(
        [sys.executable, "-c", f"import os\nos.dup2({writes}, {stream})\n{code}"],
        capture_output=True, check=False, pass_fds=(writes,),
    )  # fmt: skip

    os.close(writes)
    assert (answer.returncode, answer.stdout + answer.stderr) == (0, b"done")

"""What commands ask whoever runs them: for what is secret, and whether to go on."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import typer

from services.commands.faults import Refused

KEYS_BEGIN: Final = ("-----BEGIN ", "{")
"""How keys begin, in PEM or as a set in JSON, which take several lines."""
TERMINAL: Final = Path("/dev/tty")
"""Where people type what nobody is to see, whatever standard input is."""


def read_secret(given: str) -> str:
    """Return the secret that was *given*; where that is `-`, the line on standard input, or all of it from where keys begin."""
    if given != "-":
        return given
    line = sys.stdin.readline()
    return (line + sys.stdin.read() if line.startswith(KEYS_BEGIN) else line).strip()


def ask_secret(what: str, given: str | None, look: Callable[[], object] | None = None) -> str:
    """Return the secret that was *given*; where it has to be asked for or read, *look* first whether what it is for is there.

    Raises Refused where nobody can be asked, and standard input holds none.
    """
    if look is not None and given in {None, "-"}:
        look()
    return _typed(what) if given is None else read_secret(given)


def agree(question: str) -> None:
    """Ask whether to go on. Raises Refused where the answer is not yes, or nobody is there to answer."""
    try:
        agreed = typer.confirm(question, err=True)
    except typer.Abort:
        raise Refused("Nothing was done: nobody said yes. --yes goes on without asking.") from None
    if not agreed:
        raise Refused("Nothing was done.")


def _typed(what: str) -> str:
    if not _is_there(TERMINAL):
        if not (told := read_secret("-")):
            raise Refused(
                f"{what}: there is no terminal to ask for it, and standard input holds none. Options and variables: --help."
            )
        return told
    return str(typer.prompt(what, hide_input=True, err=True))


def _is_there(terminal: Path) -> bool:
    try:
        terminal.open("rb").close()
    except OSError:
        return False
    return True

"""A bug that one piece of work meets where others must not suffer from it: a job of a queue, one target of several."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from traceback import walk_tb
from typing import Final

from shared.errors import Misconfigured, SymposiaError, Unavailable

_OURS: Final = ("services.", "shared.")


class Bug(SymposiaError):
    """A piece of work met an error of our own; the message is its kind and where in the code, never what was worked on."""


@contextmanager
def harming_nobody(*expected: type[Exception]) -> Iterator[None]:
    """Take what the block raises for a bug, unless it is an outage, a misconfiguration or *expected*. Raises Bug.

    Whoever catches that goes on with the next piece, and comes back to this one later. A consumer of the log may skip nothing:
    there a bug stops the process.
    """
    passing: tuple[type[Exception], ...] = (Unavailable, Misconfigured, Bug, *expected)
    try:
        yield
    except passing:
        raise
    except Exception as error:
        raise Bug(told(error)) from error


def told(error: Exception) -> str:
    """Say what kind of error it is and where our code met it, and not its text: that may hold what somebody wrote."""
    frames = [(str(frame.f_globals.get("__name__")), line) for frame, line in walk_tb(error.__traceback__)]
    ours = [(module, line) for module, line in frames if module.startswith(_OURS)]
    module, line = (ours or frames or [("nowhere", 0)])[-1]
    return f"{type(error).__name__} at {module}:{line}"

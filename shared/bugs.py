"""Keep a bug that is met over one piece of work (a job of a queue, one of several targets) from stopping the others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from traceback import walk_tb
from typing import Final

from shared.errors import Misconfigured, SymposiaError, Unavailable

_OURS: Final = ("services.", "shared.")


class Bug(SymposiaError):
    """A bug in our code, met over one piece of work; the message names its kind and its place in the code, nothing else."""


@contextmanager
def confining_bugs(*expected: type[Exception]) -> Iterator[None]:
    """Raise Bug for whatever the block raises, unless it is an outage, a misconfiguration or *expected*.

    The caller catches Bug, goes on with the next piece of work, and retries this one later. A consumer of the log must not do
    so, since it may skip nothing: there a bug stops the process.
    """
    passing: tuple[type[Exception], ...] = (Unavailable, Misconfigured, Bug, *expected)
    try:
        yield
    except passing:
        raise
    except Exception as error:
        raise Bug(told(error)) from error


def told(error: Exception) -> str:
    """Name the kind of *error* and its place in our code. Its text is left out, since it may repeat what somebody wrote."""
    frames = [(str(frame.f_globals.get("__name__")), line) for frame, line in walk_tb(error.__traceback__)]
    ours = [(module, line) for module, line in frames if module.startswith(_OURS)]
    module, line = (ours or frames or [("nowhere", 0)])[-1]
    return f"{type(error).__name__} at {module}:{line}"

"""The named steps of the loop: where a crash test kills the process, and where a simulation holds it."""

from __future__ import annotations

import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import Final, TypeAlias

from shared.errors import Misconfigured

CRASH_AT: Final = "SYMPOSIA_CRASH_AT"


class Step(StrEnum):
    """A step of the loop, named for what has just happened, in the order in which it happens; publishing goes on aside."""

    ROW_OPENED = "row-opened"
    ROW_READ = "row-read"
    OUTBOX_DRAINED = "outbox-drained"
    BOUNDS_CHECKED = "bounds-checked"
    SOUGHT = "sought"
    FETCHED = "fetched"
    BEGUN = "begun"
    CLAIMED = "claimed"
    DECIDED = "decided"
    LETTERS_WRITTEN = "letters-written"
    ADVANCED = "advanced"
    COMMITTED = "committed"
    OFFSET_COMMITTED = "offset-committed"
    PUBLISHING = "publishing"
    PUBLISHED = "published"
    OUTBOX_DELETED = "outbox-deleted"


Observer: TypeAlias = Callable[[StrEnum], Awaitable[None]]
"""Hear that a step was reached: one of the loop (`Step`) or one that a handler names in an enumeration of its own."""


async def unobserved(step: StrEnum) -> None:
    """Let every step pass."""
    del step


def crash_at_from_environment(environment: Mapping[str, str] = os.environ) -> Observer:
    """Return an observer that kills this process (SIGKILL) at the step and passage that SYMPOSIA_CRASH_AT names.

    `SYMPOSIA_CRASH_AT=committed:3` kills at the third passage of `committed`. Where the variable is not set, every step passes.
    Raises Misconfigured where it names no passage.
    """
    wanted = environment.get(CRASH_AT, "")
    if not wanted:
        return unobserved
    name, _, passage = wanted.rpartition(":")
    if not name or not passage.isdecimal() or int(passage) < 1:
        raise Misconfigured(f"{CRASH_AT}={wanted!r} is not of the form <step>:<passage>, such as committed:1")
    return _Killer(name, int(passage))


class _Killer:
    """Kill this process at the *passage*-th time that the step called *name* is reached."""

    def __init__(self, name: str, passage: int) -> None:
        self._name = name
        self._left = passage

    async def __call__(self, step: StrEnum) -> None:
        if step.value != self._name:
            return
        self._left -= 1
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)

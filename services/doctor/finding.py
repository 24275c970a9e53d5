"""What a check finds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from shared.errors import SymposiaError


class State(StrEnum):
    """How it stands with what was looked at."""

    WELL = "well"
    WORRYING = "worrying"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it stands, in words, and what to do about it."""

    about: str
    state: State
    words: str
    remedy: str = ""


Findings: TypeAlias = AsyncIterator[Finding]


def well(about: str, words: str) -> Finding:
    """Say that all is well."""
    return Finding(about, State.WELL, words)


def worrying(about: str, words: str, remedy: str) -> Finding:
    """Say that something works, but will not for long, or not as it should."""
    return Finding(about, State.WORRYING, words, remedy)


def wrong(about: str, words: str, remedy: str) -> Finding:
    """Say that something does not work."""
    return Finding(about, State.WRONG, words, remedy)


async def safely(about: str, look: Callable[[], Findings]) -> Findings:
    """Return what *look* finds; an outage or a misconfiguration met on the way is a finding too."""
    try:
        async for finding in look():
            yield finding
    except SymposiaError as error:
        yield wrong(about, str(error), "Fix this first: what depends on it was not checked.")

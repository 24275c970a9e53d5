"""The grammar of a play: threads written one event a line, read into scenes. Pure.

```
[#sql-help 1 Mon 09:12] amara: Why is it slow?      begins a thread (a forum's topics: `title :: first post`)
  +14m jonas: The planner …                          a reply, so much later than the line above
    +6m amara *white_check_mark                      an act upon the message above it
      +2m lin: Thanks!                               a reply below a reply: to the message that is indented less
```
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final, TypeAlias

DAYS: Final = {name: number for number, name in enumerate(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"))}
UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}

_ROOT = re.compile(
    r"\[(?P<place>[#@/\w-]+) (?P<week>\d+) (?P<day>\w{3}) (?P<hour>\d\d):(?P<minute>\d\d)\] (?P<who>\w+): (?P<said>.+)"
)
_LATER = re.compile(r"(?P<indent> +)\+(?P<number>\d+)(?P<unit>[mhd]) (?P<who>\w+)(?: \*(?P<act>[\w+-]+))?(?:: (?P<said>.+))?")
_TITLE: Final = " :: "


class Misread(ValueError):
    """A line of a play is not written in its grammar; the message names it."""


class Doing(StrEnum):
    """What is done to a message beside reacting to it."""

    EDIT = "edit"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Message:
    """Something said, *at* after the Monday on which the play begins; *number* counts from 1 within its thread.

    *replies_to* is None for what begins a thread. *title* is that of a forum's topic.
    """

    place: str
    thread: int
    number: int
    at: timedelta
    who: str
    said: str
    title: str | None = None
    root: Message | None = None
    replies_to: Message | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """Something done to *target*: EDIT (to *said*), DELETE, or a reaction by its name on the platform."""

    at: timedelta
    who: str
    doing: str
    target: Message
    said: str | None = None


Scene: TypeAlias = Message | Act


def read_play(text: str) -> list[Scene]:
    """Return the scenes of a play in the order in which they happen. Raises Misread."""
    return sorted(_scenes(text), key=lambda scene: scene.at)


def _scenes(text: str) -> Iterator[Scene]:
    thread: _Thread | None = None
    threads = 0
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        if begun := _ROOT.fullmatch(line):
            threads += 1
            thread = _Thread(_root(begun, threads))
            yield thread.root
        elif thread and (later := _LATER.fullmatch(line)):
            yield thread.go_on(later)
        else:
            raise Misread(f"line {number} is not a line of a play: {line.strip()[:80]!r}")


def _root(begun: re.Match[str], thread: int) -> Message:
    at = timedelta(weeks=int(begun["week"]) - 1, days=DAYS[begun["day"]], hours=int(begun["hour"]), minutes=int(begun["minute"]))
    title, separator, said = begun["said"].partition(_TITLE)
    return Message(
        begun["place"], thread, 1, at, begun["who"], said if separator else begun["said"], title if separator else None
    )


class _Thread:
    """A thread as it is read: the messages so far, each with its indentation, and the time of the line above."""

    def __init__(self, root: Message) -> None:
        self.root = root
        self._messages: list[tuple[int, Message]] = [(0, root)]
        self._now = root.at

    def go_on(self, later: re.Match[str]) -> Scene:
        """Read one more line."""
        self._now += timedelta(**{UNITS[later["unit"]]: int(later["number"])})
        if later["act"]:
            return Act(self._now, later["who"], later["act"], self._messages[-1][1], later["said"])
        indent = len(later["indent"])
        above = next(message for depth, message in reversed(self._messages) if depth < indent)
        said = Message(
            place=self.root.place,
            thread=self.root.thread,
            number=len(self._messages) + 1,
            at=self._now,
            who=later["who"],
            said=later["said"] or "",
            root=self.root,
            replies_to=above,
        )
        self._messages.append((indent, said))
        return said

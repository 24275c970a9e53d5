"""Deadlines of one length: as many as there are requests under way, for the price of one timer.

`asyncio.timeout` makes and cancels a timer for each block, which costs a hot route more than most of what the block does.
"""

from __future__ import annotations

import asyncio
from collections import deque
from types import TracebackType


class Deadlines:
    """Gives blocks *seconds* each: `with deadlines.one():` raises TimeoutError, as `asyncio.timeout` does."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._running: deque[Deadline] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def one(self) -> Deadline:
        """Return a deadline for one block of the task that runs now, from now on."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._timer = loop, None
            self._running.clear()
        deadline = Deadline(self, loop.time() + self.seconds)
        self._running.append(deadline)
        if self._timer is None:
            self._timer = loop.call_at(deadline.when, self._end_due, loop)
        return deadline

    def forget_ended(self) -> None:
        """Drop the oldest that have ended."""
        while self._running and self._running[0].ended:
            self._running.popleft()

    def _end_due(self, loop: asyncio.AbstractEventLoop) -> None:
        """End the blocks whose time is over, and wait for the next."""
        now = loop.time()
        while self._running and (self._running[0].ended or self._running[0].when <= now):
            self._running.popleft().expire()
        self._timer = loop.call_at(self._running[0].when, self._end_due, loop) if self._running else None


class Deadline:
    """The time of one block, which is cancelled when it is over."""

    __slots__ = ("_all", "_cancelling", "_task", "ended", "expired", "when")

    def __init__(self, deadlines: Deadlines, when: float) -> None:
        self._all = deadlines
        self._task: asyncio.Task[object] | None = None
        self._cancelling = 0
        self.expired = False
        self.when = when
        self.ended = False

    def __enter__(self) -> None:
        """Begin the block in the task that runs now."""
        self._task = asyncio.current_task()
        if self._task is None:
            raise RuntimeError("a deadline is of a task")
        self._cancelling = self._task.cancelling()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """End the block; raise TimeoutError where it was cancelled because its time was over, and for no other reason."""
        task, self._task = self._task, None
        self.ended = True
        self._all.forget_ended()
        if not self.expired or task is None:
            return
        if task.uncancel() <= self._cancelling and kind is not None and issubclass(kind, asyncio.CancelledError):
            raise TimeoutError from error

    def expire(self) -> None:
        """Cancel the block, unless it has ended."""
        if self._task is not None:
            self.expired = True
            self._task.cancel()

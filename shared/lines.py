"""Where lines of the log go: a thread of their own writes them, so that nobody waits for a reader, or breaks without one."""

from __future__ import annotations

import atexit
import json
import os
import queue
import threading
from typing import Final

from shared.clock import rfc3339, utc_now

MOST: Final = 2_000
"""Lines that wait for their reader; what is said beyond them is lost, and counted."""

PARTING: Final = 2.0
"""Seconds in which what still waits is written as the process ends."""


class Lines:
    """A stream for logs over *descriptor*: what is written to it waits for a thread, and never raises.

    Where a line cannot be written, as on a full disk, it is lost; once one can be, another before it says how many were.
    """

    def __init__(self, descriptor: int, *, most: int = MOST) -> None:
        self._descriptor = descriptor
        self._waiting: queue.Queue[str | None] = queue.Queue(most)
        self._crowded_out = self._failed = self._told = 0
        self._torn = False
        self._thread = threading.Thread(target=self._write_forever, name="log", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def write(self, text: str) -> int:
        """Have *text* written, whole lines, in its turn; where too many wait before it, lose it."""
        try:
            self._waiting.put_nowait(text)
        except queue.Full:
            self._crowded_out += 1
        return len(text)

    def flush(self) -> None:
        """Wait for nothing: a reader who stands still would hold the process."""

    def close(self) -> None:
        """Write what waits, for as long as somebody reads it, and end."""
        atexit.unregister(self.close)
        try:
            self._waiting.put(None, timeout=PARTING)
        except queue.Full:
            return
        self._thread.join(PARTING)

    def _write_forever(self) -> None:
        while (text := self._waiting.get()) is not None:
            lost = self._crowded_out + self._failed
            said = text if lost == self._told else f"{_loss(lost - self._told)}\n{text}"
            try:
                self._write(said.encode(errors="backslashreplace"))
            except OSError:
                self._failed += 1
            else:
                self._told = lost

    def _write(self, line: bytes) -> None:
        """Write *line* whole, on a line of its own. Raises OSError."""
        left = b"\n" + line if self._torn else line
        while left:
            left = left[os.write(self._descriptor, left) :]
            self._torn = bool(left)


def _loss(lines: int) -> str:
    return json.dumps({"event": "log lines lost", "lines": lines, "level": "warning", "ts": rfc3339(utc_now())})

"""Bounds on an answer for a client that knows none: tincan waits, and reads, for as long as the other side goes on."""

from __future__ import annotations

import http.client
import io
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MOST: Final = 64 * 1024 * 1024
"""Bytes of an answer, its headers among them."""


class _Hurried(io.RawIOBase):
    """What comes on a socket, until a time and up to MOST bytes; raises TimeoutError, or HTTPException for more."""

    def __init__(self, heard: Any, connection: socket.socket, until: float) -> None:
        self._heard = heard
        self._connection = connection
        self._until = until
        self._read = 0

    def readable(self) -> bool:
        """Say that this can be read."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        """Read what is there, or wait for it no longer than is left of the time."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        number: int | None = self._heard.raw.readinto(buffer)
        self._read += number or 0
        if self._read > MOST:
            raise http.client.HTTPException(f"it answers with more than {MOST} bytes")
        return number

    def close(self) -> None:
        """Close what is heard, and with it the socket."""
        self._heard.close()
        super().close()


@contextmanager
def answered_within(seconds: float) -> Iterator[None]:
    """Bound every connection of `http.client` that the block opens: each wait, and each answer as a whole."""
    until = time.monotonic() + seconds
    stack = ExitStack()

    class Hurried(http.client.HTTPResponse):
        """An answer that is read in time."""

        def __init__(self, sock: socket.socket, *given: Any, **named: Any) -> None:
            super().__init__(sock, *given, **named)
            self.fp = io.BufferedReader(_Hurried(self.fp, sock, until))
            stack.callback(sock.close)
            stack.callback(self.close)

    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    http.client.HTTPConnection.response_class = Hurried
    try:
        with stack:
            yield
    finally:
        socket.setdefaulttimeout(before)
        http.client.HTTPConnection.response_class = http.client.HTTPResponse

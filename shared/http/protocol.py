"""HTTP as uvicorn speaks it, with bounds on what a client may send and on how long it may take, and deaf to other protocols.

Its parser takes request lines and headers without end and as slowly as they come, takes what stands behind a body for headers,
and drops the body of a request that offers another protocol.
"""

from __future__ import annotations

import asyncio
from enum import Enum
from typing import Any, Final, NamedTuple

from httptools import HttpParserUpgrade, HttpRequestParser
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LARGEST_HEAD: Final = 64 * 1024
"""Bytes of a request before its body; what arrives with the last of them at once is not cut off."""
TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
TOO_SLOW: Final = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
TUNNEL: Final = b"CONNECT"
"""The method after which what follows is never HTTP, whatever the headers."""
MOST_WAITING: Final = 1024
"""Requests that a connection may send ahead of their answers: each takes a hundred times the memory of its bytes."""
LOOK = 20.0
"""Seconds between two looks at what a client owes."""


class _Debt(Enum):
    """What a client owes that we wait for, and at how many looks in a row until we hang up."""

    HEAD = 1, "the first request, or the rest of a head"
    READING = 3, "to take some of its answer"
    REST = 6, "the rest of a body that was answered already"

    @property
    def looks(self) -> int:
        """Return the number of looks."""
        return self.value[0]


class _Owed(NamedTuple):
    """A debt, and by what it is known again: the same at two looks, nothing was paid."""

    debt: _Debt
    mark: int


class BoundedProtocol(HttpToolsProtocol):
    """Answers 431 (RFC 6585 §5) and hangs up where a head goes on beyond LARGEST_HEAD, and 408 where it takes too long."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.parser = self._reader = _Parser(self)
        self._head_bytes = 0
        self._in_head = True
        self._parts = 0
        self._owed: _Owed | None = None
        self._looks = 0
        self._looking: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to look at what the client owes: one timer for each connection, whatever number of requests it sends."""
        super().connection_made(transport)
        self._looking = self.loop.call_later(LOOK, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Look no more."""
        if self._looking is not None:
            self._looking.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what arrived."""
        self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > LARGEST_HEAD and not self.transport.is_closing():
            self.transport.write(TOO_LARGE)
            self.transport.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; what comes behind a body, after keys and addresses were looked for, is none (RFC 9110 §6.5.1)."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Go on to the body; a head that offers another protocol comes once more, without the offer."""
        if len(self.pipeline) >= MOST_WAITING:
            raise ValueError("too many requests ahead of their answers")  # the parser's caller answers 400, and hangs up
        self._in_head, self._parts = False, self._parts + 1
        if not self._reader.declines():
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Go on to the next head."""
        self._in_head, self._head_bytes, self._parts = True, 0, self._parts + 1
        if not self._reader.declines():
            super().on_message_complete()

    def _look(self) -> None:
        """Hang up on who owes the same as at the looks before."""
        owed = self._now_owed()
        self._looks = self._looks + 1 if owed == self._owed else 0
        self._owed = owed
        if owed is not None and self._looks >= owed.debt.looks:
            self._hang_up(owed.debt)
        self._looking = self.loop.call_later(LOOK, self._look)

    def _hang_up(self, debt: _Debt) -> None:
        """End the connection: in order where something can still be said on it."""
        if debt is not _Debt.HEAD:
            self.transport.abort()
            return
        if self._head_bytes:
            self.transport.write(TOO_SLOW)
        self.transport.close()

    def _now_owed(self) -> _Owed | None:
        """Say what the client owes. Between two requests that is nothing, for a while that is uvicorn's to measure."""
        if unread := self.transport.get_write_buffer_size():
            return _Owed(_Debt.READING, unread)
        if self.flow.read_paused:
            return None
        if self._in_head:
            return _Owed(_Debt.HEAD, self._parts) if self._head_bytes or self.cycle is None else None
        return _Owed(_Debt.REST, self._parts) if self.cycle.response_complete else None

    def without_offer(self) -> bytes:
        """Return the head that was read last, without its header Upgrade."""
        lines = [self.parser.get_method() + b" " + self.url + b" HTTP/1.1"]
        lines += [name + b": " + value for name, value in self.headers if name != b"upgrade"]
        return b"\r\n".join([*lines, b"", b""])


class _Parser(HttpRequestParser):
    """Reads on in HTTP/1.1 after an offer to go on in another protocol, which a server may ignore (RFC 9110 §7.8).

    Java's HttpClient offers HTTP/2 with the first request of each connection that is not encrypted.
    """

    def __init__(self, protocol: BoundedProtocol) -> None:
        super().__init__(protocol)
        self._protocol = protocol

    def declines(self) -> bool:
        """Say whether the head that was read last is to be read again without its offer."""
        return bool(self.should_upgrade()) and self.get_method() != TUNNEL

    def feed_data(self, data: bytes) -> None:  # type: ignore[override]  # uvicorn reads bytes
        """Read *data*."""
        while data:
            try:
                super().feed_data(data)
            except HttpParserUpgrade as offer:
                if not self.declines():
                    raise
                data = self._protocol.without_offer() + data[offer.args[0] :]
            else:
                return

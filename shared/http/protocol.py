"""HTTP as uvicorn speaks it, with a bound on what comes before a body, and deaf to offers of another protocol.

Its parser takes request lines and headers without end, and drops the body of a request that offers one.
"""

from __future__ import annotations

from typing import Any, Final

from httptools import HttpParserUpgrade, HttpRequestParser
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LARGEST_HEAD: Final = 64 * 1024
"""Bytes of a request before its body; what arrives with the last of them at once is not cut off."""
TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
TUNNEL: Final = b"CONNECT"
"""The method after which what follows is never HTTP, whatever the headers."""


class BoundedProtocol(HttpToolsProtocol):
    """Answers 431 (RFC 6585 §5) and hangs up where a head goes on beyond LARGEST_HEAD."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.parser = self._reader = _Parser(self)
        self._head_bytes = 0
        self._in_head = True

    def data_received(self, data: bytes) -> None:
        """Take what arrived."""
        self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > LARGEST_HEAD and not self.transport.is_closing():
            self.transport.write(TOO_LARGE)
            self.transport.close()

    def on_headers_complete(self) -> None:
        """Go on to the body; a head that offers another protocol comes once more, without the offer."""
        self._in_head = False
        if not self._reader.declines():
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Go on to the next head."""
        self._in_head, self._head_bytes = True, 0
        if not self._reader.declines():
            super().on_message_complete()

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

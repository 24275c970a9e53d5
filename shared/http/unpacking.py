"""Decompress the body of an answer piece by piece: a single packet may expand to gigabytes."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Final

import httpx

PIECE: Final = 64 * 1024
"""Bytes that are unpacked at a time, at the most."""
CODINGS: Final = frozenset({"gzip", "x-gzip", "deflate"})
"""What is unpacked (RFC 9110 §8.4.1), which is all that httpx asks for; what is called otherwise is taken as it is."""
_ANY_HEADER: Final = zlib.MAX_WBITS | 32
"""gzip, or zlib as `deflate` is meant."""
_HEADER_BYTES: Final = 2
"""By which it is known whether there is a header."""


async def unpacked(response: httpx.Response) -> AsyncIterator[bytes]:
    """Yield the body of *response*, not read yet, in pieces; raise DecodingError for what was packed wrongly, or twice."""
    codings = [each for each in _said(response) if each in CODINGS]
    if len(codings) > 1:
        raise httpx.DecodingError("the answer was packed more than once")
    inflator = _Inflator() if codings else None
    async for raw in response.aiter_raw():  # a stream's pieces as they come, however short
        if inflator is None:
            yield raw
            continue
        for piece in inflator.inflated(raw):
            yield piece


def _said(response: httpx.Response) -> list[str]:
    return [each.strip().lower() for each in response.headers.get("content-encoding", "").split(",")]


class _Inflator:
    """Unpacks what comes; `deflate` is often sent without its header (RFC 9110 §8.4.1.2)."""

    def __init__(self) -> None:
        self._inflator = zlib.decompressobj(_ANY_HEADER)
        self._head = b""

    def inflated(self, packed: bytes) -> Iterator[bytes]:
        """Yield what *packed* goes on with. Raises DecodingError."""
        while not self._inflator.eof:
            piece = self._next(packed)
            packed = self._inflator.unconsumed_tail
            if piece:
                yield piece
            if len(piece) < PIECE and not packed:
                return

    def _next(self, packed: bytes) -> bytes:
        head = self._head
        self._head = (head + packed)[:_HEADER_BYTES]
        try:
            return self._inflator.decompress(packed, PIECE)
        except zlib.error as error:
            if len(head) == _HEADER_BYTES:
                raise httpx.DecodingError(str(error)) from error
        self._inflator, self._head = zlib.decompressobj(-zlib.MAX_WBITS), bytes(_HEADER_BYTES)
        return self._next(head + packed)

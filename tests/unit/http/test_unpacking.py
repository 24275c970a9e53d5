"""The body of an answer from elsewhere is unpacked piece by piece, so that nobody who answers fills the memory."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import AsyncIterator

import httpx
import pytest

from shared.http.unpacking import PIECE, unpacked

SAID = b"what a platform says " * 10_000


class Sent(httpx.AsyncByteStream):
    """A body as it comes over the wire, *size* bytes at a time."""

    def __init__(self, content: bytes, size: int = 1000) -> None:
        self._content = content
        self._size = size
        self.taken = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for at in range(0, len(self._content), self._size):
            self.taken += self._size
            yield self._content[at : at + self._size]


def answer(content: bytes, coding: str | None, size: int = 1000) -> httpx.Response:
    return httpx.Response(200, headers={"content-encoding": coding} if coding else {}, stream=Sent(content, size))


async def read(response: httpx.Response) -> bytes:
    return b"".join([piece async for piece in unpacked(response)])


def bare(content: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()


@pytest.mark.parametrize("size", [1, 7, 1000, 1_000_000])
@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        (None, SAID[:5000]),
        ("identity", SAID[:5000]),
        ("utf-8", SAID[:5000]),
        ("gzip", gzip.compress(SAID, mtime=0)),
        ("GZip ", gzip.compress(SAID, mtime=0)),
        ("identity, x-gzip", gzip.compress(SAID, mtime=0)),
        ("deflate", zlib.compress(SAID)),
        ("deflate", bare(SAID)),
        ("gzip", gzip.compress(b"", mtime=0)),
    ],
)
async def test_what_was_packed_is_read_however_it_comes(coding: str | None, packed: bytes, size: int) -> None:
    expected = await httpx.Response(200, headers={"content-encoding": (coding or "identity").strip()}, content=packed).aread()
    if coding and coding.endswith("x-gzip"):
        expected = SAID

    assert await read(answer(packed, coding, size)) == expected


async def test_no_piece_is_large_however_small_what_it_comes_from() -> None:
    bomb = gzip.compress(b"\0" * 100_000_000)
    assert len(bomb) < 100_000

    pieces = [len(piece) async for piece in unpacked(answer(bomb, "gzip", len(bomb)))]

    assert (max(pieces), sum(pieces)) == (PIECE, 100_000_000)


async def test_what_was_packed_twice_is_not_unpacked() -> None:
    with pytest.raises(httpx.DecodingError):
        await read(answer(gzip.compress(gzip.compress(SAID, mtime=0)), "gzip, gzip"))


@pytest.mark.parametrize("packed", [b"no gzip at all", gzip.compress(SAID, mtime=0)[:-8] + bytes(8)])
async def test_what_was_packed_wrongly_is_refused(packed: bytes) -> None:
    with pytest.raises(httpx.DecodingError):
        await read(answer(packed, "gzip"))


async def test_what_comes_behind_the_end_is_left_out() -> None:
    assert await read(answer(gzip.compress(SAID, mtime=0) + b"more", "gzip")) == SAID

"""Estimate how alike two texts are from signatures of fixed size, from which the texts cannot be read.

MinHash (Broder 1997) with 64 values by one permutation whose empty bins are filled evenly (Shrivastava 2017, "Optimal
Densification for Fast and Accurate Minwise Hashing"). Of two texts, the share of equal values estimates the Jaccard similarity of
their shingles. The same text has the same signature in every process and on every machine.
"""

from __future__ import annotations

import hashlib
import re
import struct
import unicodedata
from functools import cache, lru_cache
from operator import eq
from typing import Final
from zlib import crc32

VALUES: Final = 64
LEAST_EQUAL: Final = 52
"""Of 64 values, how many must be equal for an estimated Jaccard similarity of 0.8."""
BANDS: Final = VALUES - LEAST_EQUAL + 1
ROWS: Final = 4
"""Where at least 52 values are equal, 12 at most are not: of 13 bands of 4 values each, at least one is equal as a whole."""

SHINGLE: Final = 5
"""Words in a row that make a shingle."""
FEWEST_SHINGLES: Final = 4
"""A text with fewer (up to seven words) is too common to count as a copy."""
MOST_CHARACTERS: Final = 16_384
"""What comes after them in a text (some 2,500 words) is not looked at."""

_UNSPACED: Final = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_WORD: Final = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")
"""Where a script puts no spaces between words (Thai, Lao, Burmese, Khmer, Japanese, Chinese), each letter is a word."""
_HALF_WORD: Final = re.compile(rf"[{_UNSPACED}]")
_ADDRESS: Final = re.compile(r"https?://\S+", re.IGNORECASE)
_ODD: Final = 0x9E3779B97F4A7C15
_WHOLE: Final = 2**64 - 1
_PACKED: Final = struct.Struct(f"<{VALUES}I")


def signature(text: str) -> bytes:
    """Return the signature of *text*, in which case, punctuation and addresses do not matter; b"" for one that is too short."""
    seen = text[:MOST_CHARACTERS]
    if not seen.isascii():
        seen = unicodedata.normalize("NFKC", seen)
    seen = (_ADDRESS.sub(" ", seen) if "://" in seen else seen).casefold()
    shingles = _shingles(seen)
    letters = 0 if seen.isascii() else len(_HALF_WORD.findall(seen))
    if len(shingles) - letters // 2 < FEWEST_SHINGLES:
        return b""
    return _PACKED.pack(*_values(shingles))


@lru_cache(maxsize=4096)
def bands(signature_: bytes) -> tuple[int, ...]:
    """Return BANDS keys (signed 64-bit integers); texts that are alike have at least one of them in common."""
    size = ROWS * _PACKED.size // VALUES
    return tuple(_key(bytes((band,)) + signature_[band * size : (band + 1) * size]) for band in range(BANDS))


def are_alike(one: bytes, other: bytes) -> bool:
    """Say whether two signatures are of nearly the same text."""
    equal: int = sum(map(eq, _PACKED.unpack(one), _PACKED.unpack(other)))
    return equal >= LEAST_EQUAL


def _shingles(text: str) -> set[int]:
    words = [word.encode() for word in _WORD.findall(text)]
    return {crc32(b" ".join(words[at : at + SHINGLE])) for at in range(len(words) - SHINGLE + 1)}


def _values(shingles: set[int]) -> list[int]:
    """Deal *shingles* into bins and keep the least of each; an empty bin takes that of the first full bin in its own order."""
    dealt = sorted(((shingle * _ODD & _WHOLE) >> 26 for shingle in shingles), reverse=True)
    least = {each >> 32: each & 0xFFFFFFFF for each in dealt}
    return [least[number if number in least else next(filter(least.__contains__, _order(number)))] for number in range(VALUES)]


@cache
def _order(number: int) -> tuple[int, ...]:
    """Return all bins in an order that belongs to the bin *number*."""
    return tuple(sorted(range(VALUES), key=lambda other: _key(bytes((number, other)))))


def _key(of: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(of, digest_size=8).digest(), signed=True)

"""Split a long list, so that no single SQL statement has to finish all of it within its timeout."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def portions(whole: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield *whole* in its order, *size* at a time."""
    return (whole[start : start + size] for start in range(0, len(whole), size))

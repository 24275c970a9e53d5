"""Numbers in sentences: one course, two courses."""

from __future__ import annotations


def counted(number: int, one: str, several: str = "") -> str:
    """Write how many there are of *one*, as in `1 row` and `2 rows`; *several* where an s does not make them so."""
    return f"{number} {one if number == 1 else several or f'{one}s'}"

"""Files that somebody hands in: by name, or `-` for what comes in on standard input, each as it is or packed by gzip."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, cast

STDIN: Final = Path("-")
DAMAGED: Final = (EOFError, zlib.error, gzip.BadGzipFile)
"""What is raised over what gzip did not write, or not to its end."""
_MAGIC: Final = b"\x1f\x8b"
"""How a file begins that gzip packed (RFC 1952 §2.3.1)."""


@contextmanager
def opened(path: Path) -> Iterator[io.BufferedReader]:
    """Open what is at *path* as the bytes that are there; standard input stays open. Raises OSError."""
    if path == STDIN:
        yield cast("io.BufferedReader", sys.stdin.buffer)
        return
    with path.open("rb") as file:
        yield file


def is_packed(file: io.BufferedReader) -> bool:
    """Say whether gzip packed *file*, by how it begins; nothing of it is read."""
    return file.peek(len(_MAGIC)).startswith(_MAGIC)


@contextmanager
def unpacked(path: Path) -> Iterator[io.BufferedReader]:
    """Open what is at *path*, unpacked where gzip packed it. Raises OSError; reading it raises one of DAMAGED."""
    with ExitStack() as stack:
        file = stack.enter_context(opened(path))
        if is_packed(file):
            packed = stack.enter_context(gzip.open(file))
            file = stack.enter_context(io.BufferedReader(cast("Any", packed)))
        yield file

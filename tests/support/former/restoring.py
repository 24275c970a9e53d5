"""A former state put back: its dump restored into a database of the tests.

However old it is, what waits in its log is still read: retention first looks after ten minutes.
"""

from __future__ import annotations

import asyncio
import lzma
import subprocess

from shared.postgres.embedded.binaries import find_binaries
from tests.support.former.stored import stored


async def restore(day: str, url: str) -> None:
    """Restore the state of *day* into the empty database at *url*."""
    process = await asyncio.create_subprocess_exec(
        find_binaries().folder / "psql", "-q", "-v", "ON_ERROR_STOP=1", "--no-psqlrc", "-d", url,
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    _, said = await process.communicate(lzma.decompress(stored(day)[0].read_bytes()))
    assert process.returncode == 0, said.decode()

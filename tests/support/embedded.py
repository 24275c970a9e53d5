"""Embedded servers as the tests look at them: owned by a process of their own, and asked what they kept."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

import asyncpg

from shared.postgres.embedded import Server

KEEP = "CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)"
OWNER = """
import asyncio, pathlib, sys
from shared.postgres.embedded import embedded

async def main():
    async with embedded(pathlib.Path(sys.argv[1])) as dsn:
        print(dsn, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


async def kept(dsn: str) -> object:
    """Return how many rows were kept."""
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval("SELECT count(*) FROM kept")
    finally:
        await connection.close()


def running(directory: Path) -> bool:
    """Say whether a server runs in *directory*."""
    return Server(directory).is_running()


async def becomes(wanted: object, question: object, seconds: float = 20) -> None:
    """Ask until the answer is the wanted one."""
    deadline = monotonic() + seconds
    while await asyncio.to_thread(question) != wanted:  # type: ignore[arg-type]
        assert monotonic() < deadline, f"{question} did not become {wanted}"
        await asyncio.sleep(0.02)


@asynccontextmanager
async def owner(directory: Path, *prefix: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """Run a process that owns a server in *directory*; yield it with the server's URI."""
    process = await asyncio.create_subprocess_exec(
        *prefix, sys.executable, "-c", OWNER, str(directory), stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": "."}
    )
    try:
        assert process.stdout
        yield process, (await asyncio.wait_for(process.stdout.readline(), 60)).decode().strip()
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()

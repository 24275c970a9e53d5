"""How much memory everything takes while nothing happens: `symposia up` with the PostgreSQL that it embeds."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.usage import descendants_megabytes

READY: Final = b"Symposia is ready."
PATIENCE: Final = 120.0


async def idle_megabytes(seconds: float) -> float:
    """Return the proportional set size of all processes of `symposia up`, *seconds* after it was ready."""
    with TemporaryDirectory(prefix="symposia-benchmark-") as folder:
        async with up([str(Path(sys.executable).with_name("symposia"))], Path(folder)) as process:
            await asyncio.sleep(seconds)
            return descendants_megabytes(process.pid)


@asynccontextmanager
async def up(command: Sequence[str], home: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run `symposia up` in *home* on free ports, yield its process once it says that it is ready, and end it."""
    told = told_nothing() | {"SYMPOSIA_TELEMETRY__LOG_LEVEL": "warning"}
    process = await asyncio.create_subprocess_exec(
        *command, "up", "--home", str(home), "--port", "0", env=told, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None  # noqa: S101  PIPE was asked for
    try:
        async with asyncio.timeout(PATIENCE):
            async for line in process.stdout:
                if READY in line:
                    break
            else:
                raise RuntimeError("symposia up ended before it was ready")
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


def told_nothing() -> dict[str, str]:
    """Return the environment without the settings of Symposia."""
    return {name: value for name, value in os.environ.items() if name != "DATABASE_URL" and not name.startswith("SYMPOSIA_")}

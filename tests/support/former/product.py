"""A former state's own code, run as people run it: its commands and services as processes of their own."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.support.cli import environment

HERE = Path(__file__).parents[3]
PATIENCE = 600.0
FOUND = f"""
import sys
sys.path[:] = [ROOT, *(path for path in sys.path if path and path != {str(HERE)!r})]
from services.cli import main
"""
"""The former code alone: nothing of this checkout, which is installed in the environment, may be found beside it."""
ONE = f"{FOUND}main()"
SEVERAL = f"""{FOUND}
import json, os, tempfile, services.together, typer, rich.progress
ended = []
for arguments, told in json.load(sys.stdin):
    with tempfile.TemporaryFile() as said:
        child = os.fork()
        if not child:
            os.dup2(said.fileno(), 1)
            os.dup2(said.fileno(), 2)
            sys.argv[1:] = arguments
            os.environ.update(told)
            main()
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        said.seek(0)
        ended.append((status, said.read().decode()))
print(json.dumps(ended))
"""
"""Commands one after the other, each in a fork of a process that has imported what they need."""

Order = tuple[list[str], dict[str, str]]
"""The arguments of a command, and what its environment tells it besides."""


@dataclass(frozen=True)
class Product:
    """The code of one revision, in the folder *root*, and what its processes are told by their environment."""

    root: Path
    told: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, revision: str, root: Path, **told: str) -> Product:
        """Write the code of *revision* into *root*."""
        packed = subprocess.run(["git", "archive", revision], cwd=HERE, check=True, capture_output=True)
        root.mkdir()
        subprocess.run(["tar", "-x", "-C", str(root)], input=packed.stdout, check=True)
        return cls(root, told)

    @property
    def hears_first(self) -> bool:
        """Say whether what is heard goes into the log before it is told (decision 36)."""
        return (self.root / "services" / "ingest" / "hearing.py").exists()

    def command(self, program: str, *arguments: str) -> list[str]:
        """Return the command line that runs *program* with *arguments*."""
        return [sys.executable, "-P", "-c", program.replace("ROOT", repr(str(self.root))), *arguments]

    async def tried(self, *orders: Order) -> list[tuple[int, str]]:
        """Run commands to their ends, and return how each ended and what it printed."""
        process = await asyncio.create_subprocess_exec(
            *self.command(SEVERAL), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(**self.told)
        )
        out, _ = await process.communicate(json.dumps(orders).encode())
        return [(status, said) for status, said in json.loads(out)]

    async def run(self, *orders: Order) -> list[str]:
        """Run commands that end well, and return what each printed."""
        ended = await self.tried(*orders)
        assert not any(status for status, _ in ended), ended
        return [said for _, said in ended]

    @asynccontextmanager
    async def running(self, output: Path, *arguments: str, **told: str) -> AsyncIterator[subprocess.Popen[bytes]]:
        """Run a service, its output in a file, and kill it at the end of the block, if it lives still."""
        with output.open("ab") as file:
            process = subprocess.Popen(  # noqa: ASYNC220  it takes a moment
                self.command(ONE, *arguments), stdout=file, stderr=file, env=environment(**self.told, **told)
            )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


async def until(holds: Callable[[], Awaitable[object]], what: str) -> None:
    """Look again and again until it *holds*."""
    deadline = time.monotonic() + PATIENCE
    while not await holds():
        assert time.monotonic() < deadline, f"{what} never came"
        await asyncio.sleep(0.1)


async def until_ready(url: str) -> None:
    """Return once the service at *url* says that it is ready."""

    async def ready() -> bool:
        try:
            async with httpx.AsyncClient() as client:
                return (await client.get(f"{url}/readyz")).is_success
        except httpx.TransportError:
            return False

    await until(ready, f"{url}, ready,")

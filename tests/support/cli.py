"""The command line as people run it: real processes, in a home of the test's own.

What runs to its end begins with everything imported, for there are many; `symposia up` begins as it does at a terminal.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from services.cli import main
from tests.support.forks import FORKS

STARTED = (sys.executable, "-c", "from services.cli import main; main()")
PATIENCE = 120
KEY = re.compile(r"key id\s+(\S+)\s+secret\s+(\S+)")
SCRUBBED = ("DATABASE_URL", "SYMPOSIA_")


@dataclass(frozen=True)
class Up:
    """A running `symposia up`: its process, its services' addresses, and what it has printed."""

    process: subprocess.Popen[str]
    urls: Mapping[str, str]
    output: Path

    @property
    def printed(self) -> str:
        return self.output.read_text()

    @property
    def key(self) -> tuple[str, str]:
        found = KEY.search(self.printed)
        assert found, self.printed
        return found[1], found[2]


def environment(**more: str) -> dict[str, str]:
    """Return this process's environment without any settings, and *more*."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(SCRUBBED)}
    return {**kept, "NO_COLOR": "1", **more}


def symposia(*arguments: str | Path, stdin: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    told = [str(each) for each in arguments]
    with TemporaryDirectory() as folder:
        streams = [Path(folder, name) for name in ("stdin", "stdout", "stderr")]
        streams[0].write_text(stdin)
        process = FORKS.Process(target=_run, args=(told, environment(**settings), streams), daemon=True)
        process.start()
        process.join(PATIENCE)
        status = process.exitcode
        process.kill()
        process.join()
        process.close()
        assert status is not None, f"{told} does not end: {streams[2].read_text()[-3000:]}"
        return subprocess.CompletedProcess(told, status, streams[1].read_text(), streams[2].read_text())


def _run(arguments: list[str], environment: Mapping[str, str], streams: Sequence[Path]) -> None:
    """Be the command: with these arguments, this environment and these files as standard input, output and error."""
    for number, (path, mode) in enumerate(zip(streams, "rww", strict=True)):
        with path.open(mode) as file:
            os.dup2(file.fileno(), number)
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(number, mode) for number, mode in enumerate("rww"))
    sys.argv = ["symposia", *arguments]
    os.environ.clear()
    os.environ.update(environment)
    main()


def start_up(home: Path, **settings: str) -> Up:
    """Start `symposia up` in *home* on free ports, and return once it says that it is ready."""
    output = home.with_suffix(".out")
    with output.open("w") as out, home.with_suffix(".err").open("a") as err:
        process = subprocess.Popen(
            [*STARTED, "up", "--home", str(home), "--port", "0"], stdout=out, stderr=err, text=True, env=environment(**settings)
        )
    deadline = time.monotonic() + PATIENCE
    while "Symposia is ready" not in output.read_text() or not (urls := _urls(home)):
        assert process.poll() is None, home.with_suffix(".err").read_text()[-3000:]
        assert time.monotonic() < deadline, home.with_suffix(".err").read_text()[-3000:]
        time.sleep(0.05)
    while not KEY.search(output.read_text()) and "Credentials were made before" not in output.read_text():
        assert time.monotonic() < deadline, output.read_text()
        time.sleep(0.02)
    return Up(process, urls, output)


@contextmanager
def up(home: Path, **settings: str) -> Iterator[Up]:
    """Run `symposia up` in *home* while the block runs."""
    running = start_up(home, **settings)
    try:
        yield running
    finally:
        running.process.terminate()
        running.process.wait(PATIENCE)


def _urls(home: Path) -> Mapping[str, str]:
    try:
        found: dict[str, str] = json.loads((home / "run.json").read_text())["urls"]
    except (OSError, ValueError):
        return {}
    return found

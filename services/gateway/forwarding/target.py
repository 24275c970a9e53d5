"""A target: the LRS that statements are forwarded to, how we authenticate with it, and which statements it gets."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, NewType, TypeAlias
from urllib.parse import urlsplit

import msgspec

from services.gateway.domain.selection import Selection
from shared.errors import SymposiaError
from shared.vault import Vault
from shared.xapi.model import Version

TargetName = NewType("TargetName", str)

NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class BadTarget(SymposiaError):
    """A target cannot be as it was asked for; the message says what to change."""


class UnknownTarget(SymposiaError):
    """There is no target of that name."""


class State(StrEnum):
    """Whether a target gets statements."""

    RUNNING = "running"
    PAUSED = "paused"


class Basic(msgspec.Struct, frozen=True, tag="basic"):
    """A key and its secret, shown with every request (RFC 7617)."""

    key: str
    secret: str


class ClientCredentials(msgspec.Struct, frozen=True, tag="oauth"):
    """A client of the target's OAuth 2.0 token endpoint (RFC 6749 §4.4)."""

    token_url: str
    client_id: str
    client_secret: str
    scope: str = ""


Authentication: TypeAlias = Basic | ClientCredentials

_authentication = msgspec.json.Decoder(Authentication)


class ForwardingVault(Vault):
    """Seals and opens the targets' secrets."""

    purpose = b"symposia forwarding secrets v1"

    def seal_for(self, name: TargetName, authentication: Authentication) -> bytes:
        """Seal *authentication* so that it opens for the target *name* alone."""
        return self.seal(msgspec.json.encode(authentication), name)

    def open_for(self, name: TargetName, sealed: bytes) -> Authentication:
        """Open what was sealed for the target *name*. Raises Sealed."""
        authentication: Authentication = _authentication.decode(self.open(sealed, name))
        return authentication


@dataclass(frozen=True, slots=True)
class NewTarget:
    """A target to add. Raises BadTarget where it cannot be one."""

    name: TargetName
    endpoint: str
    version: Version
    authentication: Authentication = field(repr=False)
    selection: Selection = field(default_factory=Selection)
    private_network: bool = False

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise BadTarget(f"{self.name!r} is not a valid name for a target: use small letters, digits and hyphens, at most 63")
        check_address(self.endpoint, private=self.private_network)
        if isinstance(self.authentication, ClientCredentials):
            check_address(self.authentication.token_url, private=self.private_network)
        for mistake in self.selection.mistakes():
            raise BadTarget(mistake)


@dataclass(frozen=True, slots=True)
class Target:
    """A target as a sender sees it: statements up to the seq *cursor* are settled, and it failed *failures* times in a row."""

    name: TargetName
    endpoint: str
    version: str
    private_network: bool
    selection: Selection
    cursor: int
    failures: int
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class TargetStanding:
    """How a target stands: *lag* statements wait for it, the oldest for *lag_seconds*.

    It refused *letters* statements, *waiting* of which are to be sent once more. *due* says that there is something to send now,
    and that no other process sends it.
    """

    name: TargetName
    endpoint: str
    version: str
    state: State
    last_forwarded_at: datetime | None
    lag: int
    lag_seconds: float
    failures: int
    last_failure: str | None
    retry_at: datetime | None
    letters: int
    waiting: int
    due: bool


@dataclass(frozen=True, slots=True)
class Letter:
    """A statement that the target refused for good; *waiting* says whether it is to be sent once more."""

    seq: int
    id: str
    at: datetime
    status: int
    reason: str
    waiting: bool


def check_address(address: str, *, private: bool) -> None:
    """Raise BadTarget where *address* is not a URL that secrets may be sent to; *private* allows http."""
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise BadTarget(f"{address!r} is no URL: {error}") from error
    if parts.scheme not in {"http", "https"} or not host or parts.query or parts.fragment or not address.isprintable():
        raise BadTarget(f"{address!r} is not the address of an LRS, such as https://lrs.example.org/xapi")
    if parts.username is not None or parts.password is not None:
        raise BadTarget("A key in the address would be seen by many: give it as a key")
    if parts.scheme == "http" and not private:
        raise BadTarget("Without TLS a key can be read on the way: http is for private networks, which --private allows")

"""The third family: a shared secret that the delivery shows (Mattermost, Matrix, Microsoft Graph's `clientState`)."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from services.ingest.verifiers.message import MOST_PARAMETERS, Message, Verdict, matches_any
from shared.forms import fields
from shared.xapi.guard import Limits, Malformed, parse

LOOKED_THROUGH: Final = Limits(nodes=100_000)
"""Of a body, for who sent it: anybody may send millions of empty values."""
Shown: TypeAlias = Callable[[Message], Sequence[str]]
"""Find the secrets that a delivery shows; each of them must be the right one."""


def bearer(message: Message) -> Sequence[str]:
    """Find the token of `Authorization: Bearer`."""
    scheme, _, token = message.headers.get("authorization", "").partition(" ")
    return (token.strip(),) if scheme.lower() == "bearer" and token.strip() else ()


def basic(message: Message) -> Sequence[str]:
    """Find the password of `Authorization: Basic` (RFC 7617), whoever's it is said to be."""
    scheme, _, credentials = message.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ()
    try:
        password = base64.b64decode(credentials.strip(), validate=True).partition(b":")[2].decode()
    except ValueError:
        return ()
    return (password,) if password else ()


def in_header(name: str) -> Shown:
    """Find the token in the header *name* (lower case)."""
    return lambda message: (found,) if (found := message.headers.get(name)) else ()


def in_query(name: str) -> Shown:
    """Find the token in the address."""
    return lambda message: (found,) if (found := message.query.get(name)) else ()


def in_body(name: str) -> Shown:
    """Find the token in the body, JSON or form; a body that is neither shows none."""

    def found(message: Message) -> Sequence[str]:
        try:
            document = parse(message.body, LOOKED_THROUGH)
        except Malformed:
            return _in_form(message.body, name)
        token = document.get(name) if isinstance(document, dict) else None
        return (token,) if isinstance(token, str) and token else ()

    return found


def _in_form(body: bytes, name: str) -> Sequence[str]:
    try:
        return [value for each, value in fields(body, MOST_PARAMETERS) if each == name and value]
    except ValueError:
        return ()


@dataclass(frozen=True, slots=True)
class SharedToken:
    """Check every token that *shown* finds; it protects neither the body nor the time."""

    shown: Shown

    def __call__(self, message: Message, secrets: Sequence[bytes], now: datetime) -> Verdict:
        """Return the verdict."""
        del now
        tokens = self.shown(message)
        if not tokens:
            return Verdict.UNSIGNED
        fits = [matches_any(token.encode(errors="replace"), secrets) for token in tokens]
        return Verdict.GENUINE if all(fits) else Verdict.FORGED

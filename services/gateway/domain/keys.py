"""Name what a statement can be found by in 16 bytes, however long its identifier is.

An index entry of PostgreSQL holds 2,704 bytes at most, and an IRI has no limit; a key has one length, and no NUL, which text
columns refuse. Keys are stored: a change of these functions needs a migration that writes `statement_mention` anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from typing import NewType

from shared.xapi.bounded import bounded

Key = NewType("Key", bytes)
"""16 bytes; a uuid in PostgreSQL."""

_REMEMBERED = 16_384


def agent_key(ifi: str) -> Key:
    """Name the agent or identified group with the canonical IFI *ifi*."""
    return _key(b"agent", ifi)


def activity_key(iri: str) -> Key:
    """Name the activity *iri*; IRIs are compared character by character (RFC 3987 §5.3.1)."""
    return _key(b"activity", iri)


def verb_key(iri: str) -> Key:
    """Name the verb *iri*."""
    return _key(b"verb", iri)


def registration_key(registration: str) -> Key:
    """Name the attempt *registration*, a UUID in any case."""
    return _key(b"registration", registration.lower())


def uuids(keys: Iterable[Key]) -> list[str]:
    """Write *keys* as the uuids that PostgreSQL knows them by."""
    return [key.hex() for key in keys]


@lru_cache(maxsize=_REMEMBERED)
def _key(kind: bytes, identifier: str) -> Key:
    return Key(blake2b(bounded(identifier).encode(), digest_size=16, person=kind).digest())

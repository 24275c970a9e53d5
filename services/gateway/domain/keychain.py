"""The keychain: what the master key is used for in the gateway, each use with a key of its own."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from shared.master_key import key_for

TAG_BYTES: Final = 16

_CREDENTIALS: Final = b"credential"
_CURSORS: Final = b"cursor"
_TOKENS: Final = b"access-token"
_ERASURES: Final = b"erasure"
_FINGERPRINTS: Final = b"fingerprint"


@dataclass(frozen=True, slots=True, repr=False)
class Keychain:
    """Keys derived from the master key and from the one before it; the first hashes and signs, all verify.

    *fingerprints* tell the master keys themselves apart, without giving them away.
    """

    peppers: tuple[bytes, ...]
    cursor_keys: tuple[bytes, ...]
    token_keys: tuple[bytes, ...]
    erasure_keys: tuple[bytes, ...]
    fingerprints: tuple[bytes, ...]

    @classmethod
    def of(cls, *masters: bytes) -> Keychain:
        """Derive the keys of each master key, the newest first."""
        purposes = (_CREDENTIALS, _CURSORS, _TOKENS, _ERASURES, _FINGERPRINTS)
        return cls(*(tuple(key_for(purpose, key) for key in masters) for purpose in purposes))

    def digest(self, secret: str) -> bytes:
        """Hash *secret*, a random key of 128 bits or more: fast, since no guess will ever meet it, and keyed (32 bytes)."""
        return _keyed(self.peppers[0], secret)

    def digests(self, secret: str) -> tuple[bytes, ...]:
        """Hash *secret* under every pepper that may have hashed it."""
        return tuple(_keyed(pepper, secret) for pepper in self.peppers)

    def erasure_digests(self, identifier: bytes) -> tuple[bytes, ...]:
        """Return what stands for an erased *identifier* in the tables (16 bytes each): the first is written, all are sought."""
        return tuple(_tag(key, identifier) for key in self.erasure_keys)

    def sign(self, payload: bytes) -> bytes:
        """Return the tag (16 bytes) that proves a cursor is ours."""
        return _tag(self.cursor_keys[0], payload)

    def signed(self, payload: bytes, tag: bytes) -> bool:
        """Say whether *tag* is ours for *payload*."""
        return any(hmac.compare_digest(_tag(key, payload), tag) for key in self.cursor_keys)


def _keyed(key: bytes, secret: str) -> bytes:
    return hashlib.blake2b(secret.encode("utf-8", "surrogatepass"), key=key, digest_size=32).digest()


def _tag(key: bytes, payload: bytes) -> bytes:
    return hashlib.blake2b(payload, key=key, digest_size=TAG_BYTES).digest()

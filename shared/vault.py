"""Secrets at rest: sealed with AES-256-GCM under a key derived from the master key, bound to what they belong to."""

from __future__ import annotations

import os
from typing import ClassVar, Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.errors import SymposiaError
from shared.master_key import BYTES, master_keys
from shared.settings import SecretSettings

NONCE_BYTES: Final = 12


class Sealed(SymposiaError):
    """A secret cannot be opened with the master keys at hand."""


class Vault:
    """Seal with the first key; open with any: so a master key is rotated without a moment without it.

    A subclass names its purpose, and has keys of its own by it.
    """

    purpose: ClassVar[bytes]

    def __init__(self, keys: tuple[AESGCM, ...]) -> None:
        self._keys = keys

    @classmethod
    def of(cls, settings: SecretSettings) -> Self:
        """Return the vault of the master key and the one before it. Raises Misconfigured."""
        return cls(tuple(_derived(key, cls.purpose) for key in master_keys(settings)))

    def seal(self, secret: bytes, owner: str) -> bytes:
        """Return *secret* encrypted, so that it opens only for *owner*."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._keys[0].encrypt(nonce, secret, owner.encode())

    def open(self, sealed: bytes, owner: str) -> bytes:
        """Return the secret in *sealed*; raise Sealed where no key at hand opens it for *owner*."""
        nonce, ciphertext = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        for key in self._keys:
            try:
                return key.decrypt(nonce, ciphertext, owner.encode())
            except (InvalidTag, ValueError):
                continue
        raise Sealed(f"the secret of {owner} was sealed with another master key")


def _derived(master: bytes, purpose: bytes) -> AESGCM:
    return AESGCM(HKDF(algorithm=SHA256(), length=BYTES, salt=None, info=purpose).derive(master))

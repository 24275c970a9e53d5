"""Secrets at rest: sealed with AES-256-GCM under a key derived from the master key, bound to what they belong to."""

from __future__ import annotations

import base64
import binascii
import os
from typing import ClassVar, Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.errors import Misconfigured, SymposiaError
from shared.settings import SecretSettings

KEY_BYTES: Final = 32
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
        """Return the vault of the master key and the one before it.

        Raises Misconfigured where there is no master key, or where one is not 32 bytes in URL-safe base64.
        """
        keys = [key.get_secret_value() for key in (settings.key, settings.previous_key)]
        if not keys[0]:
            raise Misconfigured("SYMPOSIA_SECRETS__KEY (or …_FILE) is not set: without it no secret can be kept")
        return cls(tuple(_derived(key, cls.purpose) for key in keys if key))

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


def _derived(key: str, purpose: bytes) -> AESGCM:
    try:
        master = base64.urlsafe_b64decode(key.encode())
    except (binascii.Error, ValueError) as error:
        raise Misconfigured("the master key is not URL-safe base64") from error
    if len(master) != KEY_BYTES:
        raise Misconfigured(f"the master key has {len(master)} bytes; {KEY_BYTES} are needed")
    return AESGCM(HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(master))

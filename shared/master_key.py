"""The master key of an installation, from which the keys of every use are derived."""

from __future__ import annotations

import binascii
import hashlib
import secrets
from base64 import urlsafe_b64encode
from typing import Final

from shared.errors import Misconfigured
from shared.settings import SecretSettings

BYTES: Final = 32
KEY: Final = "The master key (SYMPOSIA_SECRETS__KEY, or master.key in the home)"
PREVIOUS_KEY: Final = "The master key before (SYMPOSIA_SECRETS__PREVIOUS_KEY)"
_STANDARD: Final = str.maketrans("-_", "+/")


def new_master_key() -> str:
    """Return a random master key, as settings hold it."""
    return urlsafe_b64encode(secrets.token_bytes(BYTES)).decode()


def master_keys(settings: SecretSettings) -> tuple[bytes, ...]:
    """Return the master key, and the one before the last rotation, if there was one.

    Raises Misconfigured where there is none, or where one is not BYTES in URL-safe base64.
    """
    given = [secret.get_secret_value() for secret in (settings.key, settings.previous_key)]
    if not given[0]:
        raise Misconfigured(
            f"SYMPOSIA_SECRETS__KEY (or …_FILE) is not set: {BYTES} random bytes in URL-safe base64, the same for all replicas"
        )
    return tuple(read_master_key(text, name) for text, name in zip(given, (KEY, PREVIOUS_KEY), strict=True) if text)


def key_for(purpose: bytes, master: bytes) -> bytes:
    """Derive the key (32 bytes) of one use, *purpose* of 16 bytes at most, from a master key."""
    return hashlib.blake2b(key=master, person=purpose, digest_size=BYTES).digest()


def read_master_key(text: str, name: str = KEY) -> bytes:
    """Read a master key, with or without the padding of base64. Raises Misconfigured, which says of *name* what is wrong."""
    padded = text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)
    try:
        key = binascii.a2b_base64(padded.translate(_STANDARD), strict_mode=True)
    except ValueError as error:
        raise Misconfigured(f"{name} is not URL-safe base64") from error
    if len(key) != BYTES:
        raise Misconfigured(f"{name} has {len(key)} bytes instead of {BYTES}")
    return key

"""Signatures of strangers: at the door all of one is judged but the signature itself, since the key has yet to be asked for.

What passes may still be forged; once the key is here, `judged` says (docs/decisions/0025-platforms-are-asked-by-one-process.md).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from services.ingest.verifiers.cavage import all_fit, digest_fits, read_signature, signed_text
from services.ingest.verifiers.message import Message, Verdict, is_fresh
from services.ingest.verifiers.public_key import LONG_WINDOW, WINDOW, CavageSignature, MessageSignature

KEY_ID: Final = re.compile(r';\s*keyid="([^"]{1,800})"')
CREATED: Final = re.compile(r";\s*created=([0-9]{1,11})(?![0-9])")
COMPONENT: Final = re.compile(r'"([a-z0-9-]{1,100})"')
CONTENT_DIGEST: Final = re.compile(r"sha-(256|512)=:([A-Za-z0-9+/=]{1,100}):")
ANY_TIME: Final = timedelta(days=365 * 500)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signature says of itself: whose key made it when (Unix seconds), over which headers."""

    key_id: str
    at: float
    names: frozenset[str]


def signed(message: Message) -> Signed | None:
    """Say what the signature of *message* says of itself, in either way to sign; None where it is none."""
    if written := message.headers.get("signature-input"):
        keys, times = KEY_ID.findall(written), CREATED.findall(written)
        names = frozenset(COMPONENT.findall(written)) | {"signature", "signature-input"}
        alone = len(keys) == len(times) == 1  # of several the last is signed (RFC 9651 §4.2.3.2), whatever the first says
        return Signed(keys[0], float(times[0]), names) if alone else None
    header = read_signature(message.headers.get("signature", ""))
    at = header.signed_at(message) if header else None
    if header is None or at is None or signed_text(header, message) is None:
        return None
    return Signed(header.key_id, at, frozenset(header.names) | {"signature"})


@dataclass(frozen=True, slots=True)
class SignedByStranger:
    """Check that a delivery is signed lately, over its body, by a key that can be asked for."""

    def __call__(self, message: Message, secrets: Sequence[bytes], now: datetime) -> Verdict:
        """Return the verdict; what is called genuine here only may be."""
        del secrets
        if not message.headers.get("signature"):
            return Verdict.UNSIGNED
        found = signed(message)
        if found is None or not _covers_body(message):
            return Verdict.FORGED
        window = WINDOW if "signature-input" in message.headers else LONG_WINDOW
        return Verdict.GENUINE if is_fresh(found.at, now, window) else Verdict.STALE


def judged(message: Message, key: bytes) -> Verdict:
    """Say whether *key* signed *message*, whenever that was: its time was judged at the door."""
    if "signature-input" in message.headers:
        return MessageSignature(window=ANY_TIME)(message, [key], EPOCH)
    return CavageSignature(window=ANY_TIME)(message, [key], EPOCH)


def _covers_body(message: Message) -> bool:
    """Say whether the digest that is signed is that of the body (RFC 9530, or RFC 3230 before it)."""
    if "signature-input" not in message.headers:
        header = read_signature(message.headers["signature"])
        return header is not None and digest_fits(header, message)
    digests = CONTENT_DIGEST.findall(message.headers.get("content-digest", ""))
    fit = all_fit(message.body, [(f"sha{size}", value) for size, value in digests])
    return '"content-digest"' in message.headers["signature-input"] and fit

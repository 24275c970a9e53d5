"""Say whether a delivery comes from who holds the secret: over the raw bytes, in constant time, with two secrets at a time."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

TIMESTAMP_DIGITS: Final = 12
SLACK_WINDOW: Final = 300
"""Seconds by which a delivery's time may differ from ours (docs.slack.dev, "Verifying requests from Slack")."""


class Verdict(StrEnum):
    """What a signature says about a delivery."""

    GENUINE = "genuine"
    FORGED = "forged"
    STALE = "stale"
    UNSIGNED = "unsigned"


class Verifier(Protocol):
    """Judge a delivery by its *headers* (names in lower case) and raw *body*; *now* is the door's time."""

    def __call__(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[bytes], now: datetime) -> Verdict:
        """Return the verdict."""


def slack(headers: Mapping[str, str], body: bytes, secrets: Sequence[bytes], now: datetime) -> Verdict:
    """Check `X-Slack-Signature`: `v0=` and the hexadecimal HMAC-SHA256 over `v0:timestamp:body`, within 300 seconds."""
    signature, timestamp = headers.get("x-slack-signature"), headers.get("x-slack-request-timestamp", "")
    if not signature or not _is_timestamp(timestamp):
        return Verdict.UNSIGNED
    signed = b"v0:" + timestamp.encode() + b":" + body
    if not _signed_by_any(secrets, signed, signature, "v0="):
        return Verdict.FORGED
    return Verdict.STALE if abs(now.timestamp() - int(timestamp)) > SLACK_WINDOW else Verdict.GENUINE


def discourse(headers: Mapping[str, str], body: bytes, secrets: Sequence[bytes], now: datetime) -> Verdict:
    """Check `X-Discourse-Event-Signature`: `sha256=` and the hexadecimal HMAC-SHA256 over the body; it names no time."""
    del now
    signature = headers.get("x-discourse-event-signature")
    if not signature:
        return Verdict.UNSIGNED
    return Verdict.GENUINE if _signed_by_any(secrets, body, signature, "sha256=") else Verdict.FORGED


def _is_timestamp(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= TIMESTAMP_DIGITS


def _signed_by_any(secrets: Sequence[bytes], message: bytes, signature: str, prefix: str) -> bool:
    """Compare with every secret, whichever fits: how long it takes tells nothing."""
    presented = signature.encode()
    verdicts = [
        hmac.compare_digest(prefix.encode() + hmac.new(secret, message, hashlib.sha256).hexdigest().encode(), presented)
        for secret in secrets
    ]
    return any(verdicts)

"""The second family: an HMAC over version, time and body, within a window (Slack, Zoom, Standard Webhooks).

The only module that imports standardwebhooks.
"""

from __future__ import annotations

import binascii
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from services.ingest.verifiers.message import Message, Verdict, is_fresh, matches_any, seconds

WINDOW: Final = timedelta(minutes=5)
LONGEST_ID: Final = 256
MOST_SIGNATURES: Final = 8


@dataclass(frozen=True, slots=True)
class TimedHmac:
    """Check *signature*: `v0=` and the hexadecimal HMAC-SHA256 over `v0:time:body`, the time being that of the header *time*.

    Sources: docs.slack.dev, "Verifying requests from Slack"; developers.zoom.us, "Verify webhook events".
    """

    signature: str
    time: str
    version: str = "v0"
    window: timedelta = WINDOW

    def __call__(self, message: Message, secrets: Sequence[bytes], now: datetime) -> Verdict:
        """Return the verdict."""
        presented, written = message.headers.get(self.signature), message.headers.get(self.time, "")
        signed_at = seconds(written)
        if not presented or signed_at is None:
            return Verdict.UNSIGNED
        expected = (self.sign(secret, written, message.body) for secret in secrets)
        if not matches_any(presented.encode(), expected):
            return Verdict.FORGED
        return Verdict.GENUINE if is_fresh(signed_at, now, self.window) else Verdict.STALE

    def sign(self, secret: bytes, written: str, body: bytes) -> bytes:
        """Return what the header of a genuine delivery says that names the time *written*."""
        digest = hmac.digest(secret, f"{self.version}:{written}:".encode() + body, "sha256").hex()
        return f"{self.version}={digest}".encode()


@dataclass(frozen=True, slots=True)
class StandardWebhook:
    """Check `webhook-signature` over id, time and body (standardwebhooks.com); any of several signatures may fit.

    A secret is `whsec_` and base64, or the bytes as they are. The scheme signs text: a body that is not UTF-8 is forged. The
    library's own check is not used: it reads the clock.
    """

    window: timedelta = WINDOW

    def __call__(self, message: Message, secrets: Sequence[bytes], now: datetime) -> Verdict:
        """Return the verdict."""
        headers = message.headers
        name, signatures = headers.get("webhook-id", ""), headers.get("webhook-signature", "").split()
        signed_at = seconds(headers.get("webhook-timestamp", ""))
        if not name or not signatures or signed_at is None:
            return Verdict.UNSIGNED
        expected = [self.sign(secret, name, signed_at, message.body) for secret in secrets]
        if len(name) > LONGEST_ID or not _fits_any(signatures, expected):
            return Verdict.FORGED
        return Verdict.GENUINE if is_fresh(signed_at, now, self.window) else Verdict.STALE

    def sign(self, secret: bytes, name: str, signed_at: int, body: bytes) -> bytes:
        """Return one signature of the delivery called *name*; an empty one where body or secret are none that can be signed."""
        try:
            webhook = Webhook(secret.decode() if secret.startswith(b"whsec_") else secret)
            return webhook.sign(name, datetime.fromtimestamp(signed_at, UTC), body.decode()).encode()
        except (EmptyWebhookSecretError, UnicodeDecodeError, binascii.Error, OverflowError, ValueError, OSError):
            return b""


def _fits_any(signatures: Sequence[str], expected: Sequence[bytes]) -> bool:
    fits = [matches_any(each.encode(), expected) for each in signatures[:MOST_SIGNATURES]]
    return any(fits)

"""The first family: an HMAC over the raw body (Discourse, GitHub, Meta, WebSub, Webex, X, LinkedIn, Confluence, Mastodon)."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from services.ingest.verifiers.message import Message, Verdict, matches_any


class Encoding(StrEnum):
    """How the digest is written."""

    HEX = "hex"
    BASE64 = "base64"


@dataclass(frozen=True, slots=True)
class Scheme:
    """One way to write the signature: *prefix*, then the digest of *before* and the body."""

    prefix: str = "sha256="
    algorithm: Literal["sha1", "sha256", "sha384", "sha512"] = "sha256"
    encoding: Encoding = Encoding.HEX
    before: bytes = b""

    def signature(self, secret: bytes, body: bytes) -> bytes:
        """Return what the header of a genuine delivery says."""
        digest = hmac.digest(secret, self.before + body, self.algorithm)
        written = digest.hex().encode() if self.encoding is Encoding.HEX else base64.b64encode(digest)
        return self.prefix.encode() + written


WEBSUB = tuple(Scheme(f"{name}=", name) for name in ("sha1", "sha256", "sha384", "sha512"))
"""The method is named before the digest (W3C WebSub, section 7.1)."""
LINKEDIN = tuple(Scheme(prefix, before=before) for prefix in ("hmacsha256=", "") for before in (b"", b"hmacsha256="))
"""The documentation says `hmacsha256=` is a prefix, and not of what: every reading is in the field."""


@dataclass(frozen=True, slots=True)
class BodyHmac:
    """Check *header* against the *schemes* that the platform may use; such a signature names no time."""

    header: str
    schemes: tuple[Scheme, ...] = (Scheme(),)

    def __call__(self, message: Message, secrets: Sequence[bytes], now: datetime) -> Verdict:
        """Return the verdict."""
        del now
        presented = message.headers.get(self.header, "")
        if not presented:
            return Verdict.UNSIGNED
        fitting = [scheme for scheme in self.schemes if presented.startswith(scheme.prefix)]
        expected = (scheme.signature(secret, message.body) for scheme in fitting for secret in secrets)
        return Verdict.GENUINE if matches_any(presented.encode(), expected) else Verdict.FORGED

"""The fourth family: a plain hash of address, body and secret (BigBlueButton's `bbb-webhooks`, callback-emitter.js)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from services.ingest.verifiers.message import Message, Verdict, matches_any

ALGORITHMS: Final = {40: "sha1", 64: "sha256", 96: "sha384", 128: "sha512"}
"""Which hash it is, the length of its hexadecimal form tells."""


@dataclass(frozen=True, slots=True)
class UrlHash:
    """Check the parameter *name* of the address: the hash over the address without it, the body and the secret."""

    name: str = "checksum"

    def __call__(self, message: Message, secrets: Sequence[bytes], now: datetime) -> Verdict:
        """Return the verdict."""
        del now
        presented = message.query.get(self.name, "")
        if not presented:
            return Verdict.UNSIGNED
        algorithm = ALGORITHMS.get(len(presented))
        if algorithm is None:
            return Verdict.FORGED
        signed = self.without(message.url).encode() + message.body
        expected = (hashlib.new(algorithm, signed + secret).hexdigest().encode() for secret in secrets)
        return Verdict.GENUINE if matches_any(presented.encode(), expected) else Verdict.FORGED

    def without(self, url: str) -> str:
        """Return *url* without the parameter, all else as it stands."""
        parts = urlsplit(url)
        kept = [each for each in parts.query.split("&") if each and each.partition("=")[0] != self.name]
        return urlunsplit(parts._replace(query="&".join(kept)))

"""Read draft-cavage-http-signatures-12: its header, the text that it signs, the digest of the body."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

from services.ingest.verifiers.message import Message, seconds

PARAMETER: Final = re.compile(r'\s*([A-Za-z]+)=(?:"([^"]*)"|([0-9]+))\s*(?:,|$)')
REQUIRED: Final = frozenset({"(request-target)", "host"})
DIGEST: Final = {"SHA-256": "sha256", "SHA-512": "sha512"}
MOST_HEADERS: Final = 40


@dataclass(frozen=True, slots=True)
class SignatureHeader:
    """What the header `Signature` says: which *names* are signed, when, by which key, and the *signature*."""

    key_id: str
    names: tuple[str, ...]
    signature: bytes
    created: int | None
    expires: int | None

    def signed_at(self, message: Message) -> float | None:
        """Return the Unix time that is signed, or None: an unsigned one is none."""
        if "(created)" in self.names:
            return self.created
        if "date" not in self.names:
            return None
        try:
            return parsedate_to_datetime(message.headers.get("date", "")).timestamp()
        except (ValueError, OverflowError):
            return None


def read_signature(header: str) -> SignatureHeader | None:
    """Read the header `Signature`; None where it is none, or signs neither address nor host."""
    parameters = _parameters(header)
    names = tuple(parameters.get("headers", "date").lower().split())
    if not parameters.get("keyId") or not set(names) >= REQUIRED or len(names) > MOST_HEADERS or len(set(names)) < len(names):
        return None
    try:
        signature = base64.b64decode(parameters.get("signature", ""), validate=True)
    except (binascii.Error, ValueError):
        return None
    times = (seconds(parameters.get(name, "")) for name in ("created", "expires"))
    return SignatureHeader(parameters["keyId"], names, signature, *times)


def signed_text(header: SignatureHeader, message: Message) -> bytes | None:
    """Return what is signed; None where a header that is signed is not there."""
    lines: list[str] = []
    for name in header.names:
        value = _value(name, header, message)
        if value is None:
            return None
        lines.append(f"{name}: {value}")
    return "\n".join(lines).encode()


def digest_fits(header: SignatureHeader, message: Message) -> bool:
    """Say whether the body is what was signed: by its digest (RFC 3230), which must be signed itself."""
    if not message.body and "digest" not in header.names:
        return True
    presented = message.headers.get("digest", "") if "digest" in header.names else ""
    known = [each.strip().partition("=") for each in presented.split(",")]
    return all_fit(message.body, [(DIGEST[name.upper()], value) for name, _, value in known if name.upper() in DIGEST])


def all_fit(body: bytes, digests: Collection[tuple[str, str]]) -> bool:
    """Say whether each of the *digests*, by the name of its algorithm and in base64, is of *body*, and there is one.

    However often one is named, *body* is read once for each algorithm: a header has room for thousands.
    """
    ours = {name: base64.b64encode(hashlib.new(name, body).digest()) for name in {name for name, _ in digests}}
    fits = [hmac.compare_digest(ours[name], value.encode()) for name, value in digests]
    return bool(fits) and all(fits)


def _parameters(header: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    at = 0
    while match := PARAMETER.match(header, at):
        name, quoted, number = match.groups()
        found.setdefault(name, quoted if quoted is not None else number)
        at = match.end()
    return found if at == len(header) else {}


def _value(name: str, header: SignatureHeader, message: Message) -> str | None:
    match name:
        case "(request-target)":
            parts = urlsplit(message.url)
            return f"{message.method.lower()} {parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        case "(created)":
            return None if header.created is None else str(header.created)
        case "(expires)":
            return None if header.expires is None else str(header.expires)
        case "host":
            return urlsplit(message.url).netloc
        case _:
            return message.headers.get(name)

"""Signed statements (1.0.3 Data §2.6): a JWS (RFC 7515) whose payload is the statement before it was signed.

The certificate in the header is there to find mistakes: who issued it, and until when it holds, nobody asks here.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from shared.errors import SymposiaError
from shared.media_types import OCTETS_TYPE, media_type
from shared.xapi import canonical, guard
from shared.xapi.model import JSON, SIGNATURE, Version
from shared.xapi.timestamps import instant
from shared.xapi.validation import Invalid, validate

PARTS: Final = 3
"""Header, payload and signature of a JWS in its compact form."""
MOST: Final = 8
"""Signatures that one statement may have."""

_BASE64URL: Final = re.compile(rb"[A-Za-z0-9_-]*")
_ALGORITHMS: Final = {"RS256": hashes.SHA256(), "RS384": hashes.SHA384(), "RS512": hashes.SHA512()}
_LIMITS: Final = guard.Limits()
_NOT_THE_SENDERS: Final = ("id", "timestamp", "stored", "authority", "version", "attachments")
"""Properties that are compared apart, or that an LRS may set."""


class Unsigned(SymposiaError):
    """The signature is malformed, or of another statement."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message


class _Signed(NamedTuple):
    """A statement before it was signed, and the digest of what no LRS may change in it."""

    statement: dict[str, Any]
    digest: bytes


class Signatures:
    """The signatures of one request: each is read once, however many attachments name it."""

    def __init__(self, version: Version) -> None:
        self._version = version
        self._read: dict[bytes, _Signed | Unsigned] = {}

    def check(self, statement: Mapping[str, Any], attachment: Mapping[str, Any], token: bytes) -> None:
        """Check that *token* is a signature of *statement*, in which *attachment* declares it. Raises Unsigned."""
        if media_type(attachment["contentType"]) != OCTETS_TYPE:
            raise Unsigned("signature-content-type", f"The contentType of a signature has to be {OCTETS_TYPE}.")
        signed = self._signed(token)
        if isinstance(signed, Unsigned):
            raise signed
        if not _same(signed, statement):
            raise Unsigned("signature-statement", "The payload of the signature is not the statement that it is attached to.")

    def _signed(self, token: bytes) -> _Signed | Unsigned:
        if token not in self._read:
            try:
                self._read[token] = _read(token, self._version)
            except Unsigned as error:
                self._read[token] = error
        return self._read[token]


def _read(token: bytes, version: Version) -> _Signed:
    """Read a JWS in its compact form whose payload is a statement. Raises Unsigned."""
    parts = token.strip(b" \t\r\n").split(b".", PARTS)
    if len(parts) != PARTS:
        raise Unsigned("signature-jws", "The signature is not a JWS in compact form: header.payload.signature.")
    header, payload, signature = map(_decode, parts)
    _check_signature(_object(header, "header"), b".".join(parts[:2]), signature)
    statement = _object(payload, "payload")
    try:
        validate(statement, version)
    except Invalid as error:
        raise Unsigned("signature-payload", f"The payload of the signature is not a valid statement: {error}") from error
    return _Signed(statement, canonical.digest(_essence(statement)))


def _decode(part: bytes) -> bytes:
    """Read base64url without padding (RFC 7515 §2)."""
    if not _BASE64URL.fullmatch(part):
        raise Unsigned("signature-jws", "A part of the JWS is not base64url without padding.")
    try:
        return base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))
    except binascii.Error as error:
        raise Unsigned("signature-jws", "A part of the JWS is cut off.") from error


def _object(text: bytes, part: str) -> dict[str, Any]:
    try:
        value = guard.parse(text, _LIMITS)
    except guard.Malformed as error:
        raise Unsigned("signature-jws", f"The {part} of the JWS is not JSON: {error.message}") from error
    if not isinstance(value, dict):
        raise Unsigned("signature-jws", f"The {part} of the JWS is not a JSON object.")
    return value


def _check_signature(header: Mapping[str, Any], signed: bytes, signature: bytes) -> None:
    """Check the algorithm and, where the *header* has a certificate, the signature itself."""
    name = header.get("alg")
    algorithm = _ALGORITHMS.get(name) if isinstance(name, str) else None
    if algorithm is None:
        raise Unsigned("signature-algorithm", f"The algorithm of the JWS is not one of {', '.join(_ALGORITHMS)}.")
    if "crit" in header or "b64" in header:
        raise Unsigned("signature-jws", "The header of the JWS has extensions that are not supported here (crit, b64).")
    if not signature:
        raise Unsigned("signature-jws", "The JWS has no signature.")
    if "x5c" not in header:
        return
    try:
        _key(header["x5c"]).verify(signature, signed, PKCS1v15(), algorithm)
    except InvalidSignature as error:
        raise Unsigned("signature-certificate", "The signature was not made with the key of the certificate in x5c.") from error


def _key(chain: JSON) -> RSAPublicKey:
    """Return the key of the first certificate of *chain* (RFC 7515 §4.1.6)."""
    try:
        certificates = [x509.load_der_x509_certificate(base64.b64decode(each, validate=True)) for each in chain]
        key = certificates[0].public_key()
    except (ValueError, TypeError, IndexError, UnsupportedAlgorithm, x509.InvalidVersion) as error:
        raise Unsigned("signature-certificate", "x5c is not a list of X.509 certificates, DER in base64.") from error
    if not isinstance(key, RSAPublicKey):
        raise Unsigned("signature-certificate", "The certificate in x5c has no RSA key.")
    return key


def _same(signed: _Signed, received: Mapping[str, Any]) -> bool:
    """Say whether two statements are logically the same (1.0.3 Data §2.3.1), but for the signatures of *received*."""
    before = signed.statement
    for name in ("id", "timestamp"):
        if name in before and name in received and _value(name, before[name]) != _value(name, received[name]):
            return False
    return _unsigned(before) == _unsigned(received) and signed.digest == canonical.digest(_essence(received))


def _unsigned(statement: Mapping[str, Any]) -> list[Any]:
    return [each for each in statement.get("attachments", ()) if each["usageType"] != SIGNATURE]


def _value(name: str, text: str) -> object:
    return instant(text) if name == "timestamp" else text.lower()


def _essence(statement: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of *statement* the sender said; the digest leaves out what is no part of it."""
    return {name: value for name, value in statement.items() if name not in _NOT_THE_SENDERS}

"""Requests with attachments, and answers with them, written and read independently of the product's parser."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from email.message import Message
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tests.support.gateway import Client

BOUNDARY = "abcABC0123'()+_,-./:=?"
SIGNATURE = "http://adlnet.gov/expapi/attachments/signature"
HASHES = {"RS256": hashes.SHA256(), "RS384": hashes.SHA384(), "RS512": hashes.SHA512()}

Part = tuple[dict[str, str], bytes]


def attachment(content: bytes, *, algorithm: str = "sha256", **changes: Any) -> dict[str, Any]:
    """Return an attachment object that declares *content*."""
    return {
        "usageType": "https://example.org/usage/essay",
        "display": {"en": "An essay"},
        "contentType": "text/plain",
        "length": len(content),
        "sha2": hashlib.new(algorithm, content).hexdigest(),
        **changes,
    }


def part(content: bytes, declared: dict[str, Any] | None = None, **headers: str | None) -> Part:
    """Return the part of *content*, *declared* so; a header that is None is left out, underscores are hyphens."""
    declared = declared or attachment(content)
    given = {
        "Content-Type": declared["contentType"],
        "Content-Transfer-Encoding": "binary",
        "X-Experience-API-Hash": declared["sha2"],
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return {name: value for name, value in given.items() if value is not None}, content


def statements_part(statements: Any) -> Part:
    """Return the first part."""
    return {"Content-Type": "application/json"}, json.dumps(statements).encode()


def multipart(parts: list[Part], boundary: str = BOUNDARY) -> bytes:
    """Write *parts* as RFC 2046 says."""
    lines = b""
    for headers, content in parts:
        lines += f"--{boundary}\r\n".encode() + b"".join(f"{name}: {value}\r\n".encode() for name, value in headers.items())
        lines += b"\r\n" + content + b"\r\n"
    return lines + f"--{boundary}--\r\n".encode()


async def send(client: Client, *parts: Part, method: str = "POST", version: str = "1.0.3", **parameters: str) -> httpx.Response:
    """Send *parts* to the statement resource."""
    return await client.http.request(
        method,
        "/xapi/statements",
        content=multipart(list(parts)),
        params=parameters or None,
        headers={
            **client.headers,
            "X-Experience-API-Version": version,
            "Content-Type": f'multipart/mixed; boundary="{BOUNDARY}"',
        },
    )


def parts_of(response: httpx.Response) -> list[Part]:
    """Read the parts of an answer: cut at its boundary, which stands nowhere else."""
    header = Message()
    header["content-type"] = response.headers["content-type"]
    assert header.get_content_type() == "multipart/mixed"
    delimiter = f"--{header.get_param('boundary')}".encode()
    empty, *pieces, end = response.content.split(delimiter)
    assert (empty, end) == (b"", b"--")
    assert len(response.content) == int(response.headers["content-length"])
    return [_part(piece) for piece in pieces]


def _part(piece: bytes) -> Part:
    """Read a part as lrspipe does: all that stands behind a colon is the value."""
    assert piece.startswith(b"\r\n")
    assert piece.endswith(b"\r\n")
    head, _, content = piece[2:-2].partition(b"\r\n\r\n")
    return dict(line.split(":", 1) for line in head.decode().split("\r\n")), content


def signing_key() -> rsa.RSAPrivateKey:
    """Return a new key."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    """Return a certificate of *key*, long expired, as it stands in x5c."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "example.org")])
    begun = datetime(2015, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, begun, begun + timedelta(days=1)).sign(key, hashes.SHA256())
    return base64.b64encode(made.public_bytes(Encoding.DER)).decode()


def signed(statement: Any, key: rsa.RSAPrivateKey, algorithm: str = "RS256", **header: Any) -> bytes:
    """Return a JWS in its compact form whose payload is *statement*, or these bytes."""
    payload = statement if isinstance(statement, bytes) else json.dumps(statement).encode()
    said = b".".join((_base64url(json.dumps({"alg": algorithm, **header}).encode()), _base64url(payload)))
    signature = key.sign(said, padding.PKCS1v15(), HASHES.get(algorithm, hashes.SHA256()))
    return b".".join((said, _base64url(signature)))


def signature(token: bytes, **changes: Any) -> dict[str, Any]:
    """Return the attachment object of a signature."""
    return attachment(token, **{"usageType": SIGNATURE, "contentType": "application/octet-stream", **changes})


def _base64url(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")

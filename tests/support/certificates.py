"""Certificates: of an authority of one's own, and such as vouch for themselves."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from shared.clock import utc_now

DAY: Final = timedelta(days=1)
BEFORE: Final = 2 * DAY
"""How long ago certificates begin to hold; so one may have ended already, where *lasts* is negative."""


class Authority:
    """An authority of one's own, which signs certificates into *folder*."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _common(name)
        self.file = folder / f"{name}.pem"
        own = _builder(self._name, self._name, self._key).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        self.file.write_bytes(_pem(own.sign(self._key, SHA256())))

    def certify(self, name: str, hosts: Iterable[str] = (), lasts: timedelta = DAY) -> tuple[Path, Path]:
        """Write a certificate for *name* and its key, and return their files."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(_common(name), self._name, key, lasts).add_extension(
            x509.BasicConstraints(ca=False, path_length=None), critical=True
        )
        if names := [_general(host) for host in hosts]:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        certificate, private = self._folder / f"{name}.crt", self._folder / f"{name}.key"
        certificate.write_bytes(_pem(builder.sign(self._key, SHA256())))
        private.write_bytes(_private(key))
        return certificate, private


def self_signed(name: str, directory: Path) -> Path:
    """Make a certificate for *name* and its key, and return the file that holds both."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = x509.SubjectAlternativeName([_general(name)])
    certificate = _builder(_common(name), _common(name), key).add_extension(names, critical=False).sign(key, SHA256())
    file = directory / f"{name}.pem"
    file.write_bytes(_pem(certificate) + _private(key))
    return file


def server_side(certificate: Path) -> ssl.SSLContext:
    """Return what a server shows *certificate* by."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, lasts: timedelta = DAY
) -> x509.CertificateBuilder:
    now = utc_now()
    return x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number(), now - BEFORE, now + lasts)


def _common(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _general(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

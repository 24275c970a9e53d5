"""TLS with brokers: whom we trust, and how they know us; certificates that are renewed are read anew."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from shared.errors import Misconfigured
from shared.stream.settings import KafkaSettings


class Certified(ssl.SSLContext):
    """A context that looks before each handshake whether its files were changed: a process outlives its certificate."""

    _settings: KafkaSettings
    _seen: tuple[int, ...] = ()

    @classmethod
    def of(cls, settings: KafkaSettings) -> Self:
        """Return the context that *settings* describe. Raises Misconfigured where a file cannot be used."""
        context = cls(ssl.PROTOCOL_TLS_CLIENT)
        context._settings = settings
        if not settings.ca_path:
            context.load_default_certs()
        context._read()
        return context

    def wrap_bio(self, *arguments: Any, **named: Any) -> ssl.SSLObject:
        """Begin a handshake with the certificates as they are now, or, while they are being written, as they were."""
        with suppress(Misconfigured):
            self._read()
        return super().wrap_bio(*arguments, **named)

    def _read(self) -> None:
        """Read the files, where one was changed. Raises Misconfigured."""
        settings = self._settings
        certificate, key = settings.certificate_path, settings.key_path or settings.certificate_path
        seen = tuple(_written(file) for file in (settings.ca_path, certificate, key) if file)
        if seen == self._seen:
            return
        if settings.ca_path:
            with _used("CA_PATH", settings.ca_path):
                self.load_verify_locations(cafile=settings.ca_path)
        if certificate:
            password = settings.key_password.get_secret_value()
            with _used("CERTIFICATE_PATH", f"{certificate} with the key in {key}"):
                self.load_cert_chain(certificate, key, lambda: password)  # without a password OpenSSL would ask a terminal
        self._seen = seen


def _written(file: str) -> int:
    """Say when *file* was written last; 0 where it is not there, which reading it tells."""
    with suppress(OSError):
        return Path(file).stat().st_mtime_ns
    return 0


@contextmanager
def _used(setting: str, files: str) -> Iterator[None]:
    """Turn what is met while *files* are read into Misconfigured, which names the *setting*."""
    try:
        yield
    except OSError as error:
        why = (error.reason or "no such certificate, or key") if isinstance(error, ssl.SSLError) else error.strerror
        raise Misconfigured(f"SYMPOSIA_STREAM__KAFKA__{setting} cannot be used: {files}: {why}") from error

"""How brokers are reached: what every client is told, and, where none of them lets us in, why."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any, Final

from aiokafka import errors as kafka
from aiokafka.conn import collect_hosts, create_conn
from aiokafka.protocol.metadata import MetadataRequest

from shared.errors import Misconfigured, Unavailable
from shared.stream.kafka.certificates import Certified
from shared.stream.kafka.connection import outages
from shared.stream.settings import KafkaSettings

PREFIX: Final = "SYMPOSIA_STREAM__KAFKA__"


class Access:
    """The way in to one cluster.

    Where brokers refuse whom they let in before, that is an outage to wait for: a password or certificate is being changed.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self.settings = settings
        self._certified: Certified | None = None
        self._admitted = False

    def arguments(self) -> dict[str, Any]:
        """Return what every client is told. Raises Misconfigured where a file cannot be used."""
        settings = self.settings
        if self._certified is None and settings.security_protocol.encrypts:
            self._certified = Certified.of(settings)
        return {
            "client_id": "symposia",
            "request_timeout_ms": round(settings.request_timeout * 1000),
            "security_protocol": str(settings.security_protocol),
            "ssl_context": self._certified,
            "sasl_mechanism": str(settings.sasl_mechanism),
            "sasl_plain_username": settings.username or None,
            "sasl_plain_password": settings.password.get_secret_value() or None,
        }

    def client(self) -> dict[str, Any]:
        """Return the arguments of a client that starts from our brokers. Raises Misconfigured where a file cannot be used."""
        return {**self.arguments(), "bootstrap_servers": self.settings.bootstrap}

    async def enter(self, client: Any, doing: str) -> None:
        """Start *client*, which is for *doing* that. Raises Unavailable, Misconfigured with what a broker refuses us for."""
        with outages(doing):
            try:
                await client.start()
            except kafka.KafkaConnectionError as error:
                raise await self._reason() or error from None
        self._admitted = True

    async def _reason(self) -> Unavailable | Misconfigured | None:
        """Ask each broker that we start from, since aiokafka tells its log alone why it was not let in."""
        met = await asyncio.gather(*(self._met(host, port) for host, port, _ in collect_hosts(self.settings.bootstrap, False)))
        refusals = [reason for reason in met if isinstance(reason, Misconfigured)]
        if refusals:
            return Unavailable("kafka", str(refusals[0])) if self._admitted else refusals[0]
        outages_met = [str(reason) for reason in met if reason is not None]
        return Unavailable("kafka", "; ".join(outages_met)) if outages_met else None

    async def _met(self, host: str, port: int) -> Misconfigured | str | None:
        """Say what keeps us from the broker at *host* and *port*."""
        try:
            connection = await create_conn(host, port, **self.arguments())
            try:
                await connection.send(MetadataRequest([]))
            finally:
                connection.close()
        except (kafka.KafkaError, OSError, TimeoutError) as error:
            return _told(f"{host}:{port}", error, self.settings)
        return None


def _told(place: str, error: Exception, settings: KafkaSettings) -> Misconfigured | str:
    """Say in a sentence why the broker at *place* does not let us in: as a set-up to change, or as an outage to wait for."""
    if (wrong := _to_change(error, settings)) is not None:
        what, setting = wrong
        return Misconfigured(f"Kafka at {place} {what}. Check {PREFIX}{setting}.")
    if isinstance(error, (kafka.KafkaConnectionError, ConnectionResetError)):
        return f"{place} closed the connection: it is stopping, or wants another {PREFIX}SECURITY_PROTOCOL"
    return f"{place}: {_words(error)}"


def _to_change(error: Exception, settings: KafkaSettings) -> tuple[str, str] | None:
    """Return what is wrong and in which setting, where waiting does not mend it."""
    match error:
        case kafka.SaslAuthenticationFailed():
            return f"refuses user {settings.username!r}: {_words(error)}", "USERNAME and PASSWORD"
        case kafka.UnsupportedSaslMechanismError():
            return f"does not take {settings.sasl_mechanism}", "SASL_MECHANISM"
        case kafka.IllegalSaslStateError():
            return "asks nobody for a password", "SECURITY_PROTOCOL, and the port"
        case ssl.SSLCertVerificationError():
            return f"has a certificate that is not to be trusted: {error.verify_message.rstrip('.')}", "CA_PATH, and BOOTSTRAP"
    cause = error if isinstance(error, ssl.SSLError) else error.__cause__
    return _about_tls(cause.reason or "no reason given") if isinstance(cause, ssl.SSLError) else None


def _about_tls(reason: str) -> tuple[str, str]:
    """Return what is wrong with TLS, and in which setting, by the *reason* that OpenSSL gives."""
    if "CERTIFICATE" in reason:
        return f"takes no certificate of ours that is missing, expired or another authority's: {reason}", "CERTIFICATE_PATH"
    return f"and we do not agree on TLS: {reason}", "SECURITY_PROTOCOL, and the port"


def _words(error: Exception) -> str:
    """Return what *error* says, or its name where it says nothing."""
    return str(error.args[-1]) if error.args else type(error).__name__

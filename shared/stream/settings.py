"""The settings of the stream: which log, and the limits of the loop, of appending and of each log."""

from __future__ import annotations

import re
from typing import Final, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_core import PydanticCustomError

from shared.settings import Section, Word

ADDRESS: Final = re.compile(r"(?:[\w.-]+|\[[0-9a-fA-F:.]+\])(?::[0-9]{1,5})?")
"""A host, or an IPv6 address in brackets, and its port; Kafka's own, 9092, where none is named."""


class LogKind(Word):
    """The logs that an installation can run on."""

    KAFKA = "kafka"
    POSTGRES = "postgres"


class ConsumerSettings(Section):
    """How a consumer takes its turns, how long it waits outages out, and when refused records stop it."""

    batch_records: int = Field(default=500, ge=1, description="Records that one transaction takes at most")
    fetch_wait: float = Field(default=0.5, gt=0, description="Seconds that one turn waits for a record")
    poll_interval: float = Field(default=60.0, gt=0, description="Seconds between two fetches after which a member is given up")
    attempts: int = Field(default=300, ge=1, description="Attempts of a turn that meets an outage; then the consumer stops")
    backoff: float = Field(default=0.05, gt=0, description="Seconds to wait after the first failed attempt; doubles with each")
    backoff_limit: float = Field(default=2.0, gt=0, description="Seconds to wait between two attempts at most")
    outbox_look: float = Field(
        default=30.0, gt=0, description="Seconds between two looks of an idle consumer for what stands unsaid in its outbox"
    )
    rejection_window: int = Field(default=1000, ge=1, description="Records over which refused ones are counted")
    rejection_number: int = Field(default=100, ge=0, description="Refused records in the window that are always borne")
    rejection_share: float = Field(default=0.5, ge=0, le=1, description="Share of the window above which more than that stop")


class AppendSettings(Section):
    """How long an append may take, and how much may be under way."""

    deadline: float = Field(default=5.0, gt=0, description="Seconds after which an append is given up, its outcome unknown")
    inflight_bytes: int = Field(
        default=64 * 1024 * 1024, gt=0, description="Bytes under way above which further appends are refused at once"
    )


class SecurityProtocol(Word):
    """How brokers are met."""

    PLAINTEXT = "PLAINTEXT"
    SSL = "SSL"
    SASL_PLAINTEXT = "SASL_PLAINTEXT"
    SASL_SSL = "SASL_SSL"

    @property
    def encrypts(self) -> bool:
        """Say whether TLS is spoken."""
        return self in {self.SSL, self.SASL_SSL}

    @property
    def asks(self) -> bool:
        """Say whether brokers ask for a user and a password."""
        return self in {self.SASL_PLAINTEXT, self.SASL_SSL}


class SaslMechanism(Word):
    """How a user proves to know the password."""

    PLAIN = "PLAIN"
    SCRAM_SHA_256 = "SCRAM-SHA-256"
    SCRAM_SHA_512 = "SCRAM-SHA-512"


class KafkaSettings(Section):
    """How to reach Kafka."""

    bootstrap: str = Field(default="localhost:9092", description="Brokers to start from: host:port[,host:port…]")
    security_protocol: SecurityProtocol = Field(
        default=SecurityProtocol.PLAINTEXT, description="PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"
    )
    ca_path: str = Field(default="", description="File of the authorities that brokers are verified by; default: the system's")
    certificate_path: str = Field(
        default="", description="File of our certificate (PEM), where brokers ask for one; read anew when it changes"
    )
    key_path: str = Field(default="", description="File of its private key (PEM); default: the certificate's file holds it")
    key_password: SecretStr = Field(default=SecretStr(""), description="Password of the private key, where it has one")
    sasl_mechanism: SaslMechanism = Field(
        default=SaslMechanism.SCRAM_SHA_512, description="PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"
    )
    username: str = Field(default="", description="SASL user")
    password: SecretStr = Field(default=SecretStr(""), description="SASL password")
    replication: int = Field(default=-1, ge=-1, description="Replicas of the topics we create; -1 takes the broker's default")
    session_timeout: float = Field(default=10.0, gt=0, description="Seconds without a heartbeat after which a member is dead")
    request_timeout: float = Field(default=10.0, gt=0, description="Seconds that one request to a broker may take")
    instance: str = Field(default="", description="Stable name of this process in its groups: a restart takes its place at once")

    @field_validator("bootstrap")
    @classmethod
    def _are_addresses(cls, told: str) -> str:
        """Take addresses as brokers are known by, without a protocol before them."""
        addresses = [each.strip() for each in told.split(",")]
        if not all(map(ADDRESS.fullmatch, addresses)):
            raise PydanticCustomError("addresses", "It is host:port[,host:port…], without a protocol")
        return ",".join(addresses)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        """Take what belongs together, or nothing of it."""
        if self.security_protocol.asks and not (self.username and self.password.get_secret_value()):
            raise PydanticCustomError("user", "{protocol} needs a USERNAME and a PASSWORD", {"protocol": self.security_protocol})
        if self.certificate_path and not self.security_protocol.encrypts:
            raise PydanticCustomError("certificate", "A CERTIFICATE_PATH is for SECURITY_PROTOCOL SSL or SASL_SSL")
        if self.key_path and not self.certificate_path:
            raise PydanticCustomError("key", "A KEY_PATH needs a CERTIFICATE_PATH")
        return self


class PostgresLogSettings(Section):
    """How the log in PostgreSQL behaves."""

    session_timeout: float = Field(default=3.0, gt=0, description="Seconds without a heartbeat after which a member is dead")
    poll: float = Field(default=0.025, gt=0, description="Seconds between two looks for what other processes appended")
    retention_interval: float = Field(default=600.0, gt=0, description="Seconds between two deletions of records past retention")
    instance: str = Field(default="", description="Stable name of this process in its groups: a restart takes its place at once")


class StreamSettings(Section):
    """Which log an installation runs on, and its limits."""

    kind: LogKind = Field(default=LogKind.POSTGRES, description="The log: postgres (embedded) or kafka")
    consumer: ConsumerSettings = Field(default_factory=ConsumerSettings)
    append: AppendSettings = Field(default_factory=AppendSettings)
    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    postgres: PostgresLogSettings = Field(default_factory=PostgresLogSettings)

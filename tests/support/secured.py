"""A broker as companies run it: with TLS by an authority of their own, SCRAM, PLAIN, client certificates, and no rights at first.

Beside the secured listeners it has the plain one of every test's broker; whoever connects to that is an administrator.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import CreateAclsRequest
from pydantic import SecretStr

from deploy.kafka.broker import BRIEF
from deploy.kafka.cluster import Cluster, running
from deploy.kafka.guard import Guard
from deploy.kafka.layout import HOST, Seat, free_ports
from shared.stream.settings import KafkaSettings
from tests.support.certificates import Authority

PASSWORD: Final = "never-in-a-log-7c1f"
USERS: Final = ("gateway", "ingest", "enrichment", "scoring", "operator")


class Resource(IntEnum):
    """What Kafka calls the types of what is guarded."""

    TOPIC = 2
    GROUP = 3


class Operation(IntEnum):
    """What may be done with it."""

    READ = 3
    WRITE = 4
    CREATE = 5
    DESCRIBE = 8
    DESCRIBE_CONFIGS = 10


LITERAL: Final = 3
ALLOW: Final = 3


@dataclass(frozen=True, slots=True)
class Grant:
    """What a user may do with one thing."""

    user: str
    resource: Resource
    name: str
    operation: Operation


@dataclass(frozen=True)
class Secured:
    """A running broker, the authority that its certificate is by, and where it is met in which way."""

    cluster: Cluster
    authority: Authority
    sasl: str
    tls: str
    """By host and port: SASL over TLS, and TLS with client certificates."""

    def settings(self, user: str, **changes: Any) -> KafkaSettings:
        """Return the settings by which *user* comes in with a password, but for *changes*."""
        told = {
            "bootstrap": self.sasl,
            "security_protocol": "SASL_SSL",
            "ca_path": str(self.authority.file),
            "username": user,
            "password": SecretStr(PASSWORD),
            "request_timeout": 5.0,
        }
        return KafkaSettings(**{**told, **changes})


@contextmanager
def secured(folder: Path) -> Iterator[Secured]:
    """Run a broker where nobody who connects to the secured listeners may do anything yet."""
    authority = Authority(folder)
    certificate, key = authority.certify("broker", (HOST,))
    chain = folder / "broker.pem"
    chain.write_bytes(key.read_bytes() + certificate.read_bytes())
    sasl, tls = (f"{HOST}:{port}" for port in free_ports(2))

    def properties(seat: Seat) -> Mapping[str, str]:
        met = f"PLAINTEXT://{seat.address},SASL_SSL://{sasl},SSL://{tls}"
        known = " ".join(f'user_{name}="{PASSWORD}"' for name in USERS)
        jaas, module = "sasl.jaas.config", "org.apache.kafka.common.security"
        return {
            "listeners": f"{met},CONTROLLER://{seat.controller}",
            "advertised.listeners": f"{met},CONTROLLER://{seat.controller}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL",
            "inter.broker.listener.name": "PLAINTEXT",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(chain),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(authority.file),
            "listener.name.ssl.ssl.client.auth": "required",
            "sasl.enabled.mechanisms": "SCRAM-SHA-512,SCRAM-SHA-256,PLAIN",
            f"listener.name.sasl_ssl.plain.{jaas}": f"{module}.plain.PlainLoginModule required {known};",
            f"listener.name.sasl_ssl.scram-sha-512.{jaas}": f"{module}.scram.ScramLoginModule required;",
            f"listener.name.sasl_ssl.scram-sha-256.{jaas}": f"{module}.scram.ScramLoginModule required;",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",
        }

    users = tuple(f"SCRAM-SHA-{size}=[name={name},password={PASSWORD},iterations=4096]" for name in USERS for size in (256, 512))
    with running(folder / "cluster", 1, BRIEF, Guard(properties, users)) as cluster:
        yield Secured(cluster, authority, sasl, tls)


async def allow(client: AIOKafkaAdminClient, grants: Iterable[Grant]) -> None:
    """Allow what *grants* say, from anywhere."""
    for each in grants:  # aiokafka encodes the request, and offers no method
        await client._send_to_controller(
            CreateAclsRequest(each.resource, each.name, LITERAL, f"User:{each.user}", "*", each.operation, ALLOW)
        )

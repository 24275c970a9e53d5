"""Decide where each broker of a cluster lives (its ports, its ids, its directory) and write its server.properties."""

import base64
import secrets
import socket
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from json import dumps, loads
from pathlib import Path
from typing import Final

from deploy.kafka.artefacts import KafkaUnavailableError

HOST: Final = "127.0.0.1"
# Below Linux' ephemeral range: a broker that is down finds its port free when it comes back.
PORTS: Final = range(20_000, 32_000)
RECORD_BYTES: Final = 10 * 1024 * 1024
# A batch of one record has headers, a key and the batch's frame around its value.
MESSAGE_MAX_BYTES: Final = RECORD_BYTES + 64 * 1024


@dataclass(frozen=True)
class Seat:
    """Where one broker lives: the same ports, ids and data at every start."""

    node: int
    port: int
    controller_port: int
    directory_id: str

    @property
    def address(self) -> str:
        """Return host:port for clients."""
        return f"{HOST}:{self.port}"

    @property
    def controller(self) -> str:
        """Return host:port for the quorum."""
        return f"{HOST}:{self.controller_port}"


@dataclass(frozen=True)
class Layout:
    """A cluster's id and the seats of its brokers."""

    cluster_id: str
    seats: tuple[Seat, ...]

    @property
    def initial_controllers(self) -> str:
        """Return the first quorum in the form `StorageTool format` reads."""
        return ",".join(f"{seat.node}@{seat.controller}:{seat.directory_id}" for seat in self.seats)


def settle(directory: Path, brokers: int) -> Layout:
    """Return the layout kept in *directory*, or lay out *brokers* seats there.

    Raises KafkaUnavailableError where *directory* belongs to a cluster of another size.
    """
    kept = directory / "layout.json"
    if kept.exists():
        layout = _read(kept)
        if len(layout.seats) != brokers:
            raise KafkaUnavailableError(f"{directory} belongs to a cluster of {len(layout.seats)}, not of {brokers}")
        return layout
    ports = free_ports(2 * brokers)
    seats = tuple(Seat(node + 1, ports[2 * node], ports[2 * node + 1], kafka_uuid()) for node in range(brokers))
    layout = Layout(kafka_uuid(), seats)
    directory.mkdir(parents=True, exist_ok=True)
    kept.write_text(dumps(asdict(layout), indent=2), "utf-8")
    return layout


def _read(kept: Path) -> Layout:
    """Read a layout back."""
    try:
        value = loads(kept.read_text("utf-8"))
        return Layout(value["cluster_id"], tuple(Seat(**seat) for seat in value["seats"]))
    except (ValueError, KeyError, TypeError) as error:
        raise KafkaUnavailableError(f"{kept} is not a cluster's layout: {error}") from error


def properties(layout: Layout, seat: Seat, home: Path, more: Mapping[str, str]) -> str:
    """Return the server.properties of the broker in *seat*, whose data lives under *home*; *more* goes before what it has."""
    brokers = len(layout.seats)
    replicas = min(3, brokers)
    in_sync = 2 if brokers > 1 else 1
    settings = {
        "process.roles": "broker,controller",
        "node.id": seat.node,
        "log.dirs": home / "data",
        "listeners": f"PLAINTEXT://{seat.address},CONTROLLER://{seat.controller}",
        "advertised.listeners": f"PLAINTEXT://{seat.address},CONTROLLER://{seat.controller}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "controller.quorum.bootstrap.servers": ",".join(each.controller for each in layout.seats),
        "auto.create.topics.enable": "false",
        "default.replication.factor": replicas,
        "min.insync.replicas": in_sync,
        "message.max.bytes": MESSAGE_MAX_BYTES,
        "replica.fetch.max.bytes": MESSAGE_MAX_BYTES,
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": 1000,
        # A killed broker is fenced, and its partitions led by others, after this long (default 9 s).
        "broker.session.timeout.ms": 4000,
        "broker.heartbeat.interval.ms": 500,
        # On the heap, and 128 MiB unless told otherwise.
        "log.cleaner.dedupe.buffer.size": 8 * 1024 * 1024,
        "num.network.threads": 2,
        "num.io.threads": 4,
    }
    internal = {"offsets.topic": "", "transaction.state.log": "min.isr", "share.coordinator.state.topic": "min.isr"}
    for topic, minimum in internal.items():
        settings |= {f"{topic}.num.partitions": 4, f"{topic}.replication.factor": replicas}
        settings |= {f"{topic}.{minimum}": in_sync} if minimum else {}
    return "".join(f"{key}={value}\n" for key, value in {**settings, **more}.items())


def kafka_uuid() -> str:
    """Return a random id in Kafka's notation: 16 bytes, URL-safe base64, never read as an option."""
    while (text := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return text


def free_ports(count: int) -> list[int]:
    """Return *count* different loopback ports that nobody listens on."""
    found: dict[int, socket.socket] = {}
    try:
        while len(found) < count:
            port = PORTS.start + secrets.randbelow(len(PORTS))
            probe = socket.socket()
            try:
                probe.bind((HOST, port))
            except OSError:
                probe.close()
            else:
                found[port] = probe
    finally:
        for probe in found.values():
            probe.close()
    return list(found)

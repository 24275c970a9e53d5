"""Ask a broker which brokers it knows: one Metadata request of Kafka's protocol over a plain socket."""

import socket
import struct
from typing import Final

# Header v1 (key 3, version 1, correlation 1, client "probe"), then an empty list: no topic's metadata.
_REQUEST: Final = struct.pack(">hhih5si", 3, 1, 1, 5, b"probe", 0)


def members(host: str, port: int, seconds: float = 1.0) -> frozenset[int]:
    """Return the node ids of the live brokers as the broker at *host*:*port* sees them.

    Raises OSError while it does not answer within *seconds*. Source: the Kafka protocol guide, Metadata v1.
    """
    with socket.create_connection((host, port), seconds) as connection:
        connection.sendall(struct.pack(">i", len(_REQUEST)) + _REQUEST)
        (size,) = struct.unpack(">i", _exactly(connection, 4))
        return _nodes(_exactly(connection, size))


def _nodes(answer: bytes) -> frozenset[int]:
    """Read the node ids out of a Metadata answer: correlation id, then (node, host, port, rack) for each broker."""
    _, count = struct.unpack_from(">ii", answer)
    nodes, place = set(), 8
    for _ in range(count):
        node, host = struct.unpack_from(">ih", answer, place)
        (rack,) = struct.unpack_from(">h", answer, place + 6 + host + 4)
        place += 6 + host + 4 + 2 + max(rack, 0)
        nodes.add(node)
    return frozenset(nodes)


def _exactly(connection: socket.socket, size: int) -> bytes:
    """Read *size* bytes."""
    received = b""
    while len(received) < size:
        part = connection.recv(size - len(received))
        if not part:
            raise ConnectionError("the broker closed the connection")
        received += part
    return received

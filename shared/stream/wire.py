"""How headers are kept in a column of bytes."""

from __future__ import annotations

import msgspec

from shared.stream.record import Header

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(tuple[Header, ...])


def encode_headers(headers: tuple[Header, ...]) -> bytes:
    """Write *headers*, their order kept."""
    return _encoder.encode(headers)


def decode_headers(column: bytes) -> tuple[Header, ...]:
    """Read what `encode_headers` wrote."""
    return _decoder.decode(column)

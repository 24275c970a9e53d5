"""How messages become bytes: JSON in which statements keep the bytes they were stored with."""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias, TypeVar

import msgspec

SCHEMA_VERSION = "1"
SCHEMA_VERSION_HEADER = "schema-version"
VERSIONED = (SCHEMA_VERSION_HEADER, SCHEMA_VERSION.encode())
"""The header that says in which version of its schema a message is written."""
TRACEPARENT_HEADER = "traceparent"

Text: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^[^\x00]*\Z")]
"""Text that PostgreSQL can keep: without NUL."""
LAST_ORDINAL: Final = 2**63 - 1
"""The greatest bigint of PostgreSQL; as the end of a stretch it says that the stretch has none."""
Ordinal: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=LAST_ORDINAL)]
"""A number in an order, such as a seq or a revision: a bigint of PostgreSQL that is not negative."""

Message = TypeVar("Message", bound=msgspec.Struct)

_encoder = msgspec.json.Encoder()


class BadMessage(ValueError):
    """The bytes of a record are no message of the kind its topic carries."""


def encode(message: msgspec.Struct) -> bytes:
    """Write *message* as JSON; a `msgspec.Raw` inside it is copied byte for byte."""
    return _encoder.encode(message)


def decode(value: bytes, kind: type[Message]) -> Message:
    """Read a *kind* from *value*; unknown keys are ignored, so that N reads what N+1 wrote.

    Raises BadMessage, which says where the bytes are wrong.
    """
    try:
        return msgspec.json.decode(value, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadMessage(f"not a {kind.__name__} message: {error}") from error

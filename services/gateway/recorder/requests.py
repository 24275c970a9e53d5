"""Read what was received: a record of the log becomes a request whose statements are ready to be ruled on."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
import orjson

from services.gateway.domain.candidate import Candidate, candidate
from services.gateway.domain.keys import Key, activity_key
from services.gateway.domain.redaction import redact
from services.gateway.recorder.remembered import Remembered
from shared.contracts import BadMessage, Received, ReceivedStatement, decode, encode
from shared.stream import Record
from shared.xapi import extract
from shared.xapi.guard import Limits, Malformed, parse
from shared.xapi.model import StatementId, Version
from shared.xapi.timestamps import instant
from shared.xapi.validation import Invalid, validate

_LIMITS: Final = Limits()
_NOTHING: Final = Remembered(0)
_DIGEST_BYTES: Final = 32
_SET_BY_THE_DOOR: Final = ("id", "authority", "version")


class Unreadable(ValueError):
    """The record is no request that the door would have passed on; the message says why."""


@dataclass(frozen=True, slots=True)
class Request:
    """One accepted request, taken or refused whole.

    *redacts* are the keys of the activities whose text was deleted, *redacts_json* their IRIs as they stand in JSON. *defines*
    says that the sender may define activities and actors.
    """

    record: Record
    received_at: datetime
    source: str
    authority: str
    statements: tuple[Candidate, ...]
    redacts: frozenset[Key]
    redacts_json: tuple[bytes, ...] = ()
    defines: bool = True

    def digest(self) -> bytes:
        """Say in 32 bytes who says what, so that the same request is known when it comes again, whenever that is."""
        said = (each.id.encode() + each.digest for each in self.statements)
        return hashlib.sha256(b"\n".join((self.source.encode(), *self.redacts_json, *said))).digest()


def read(record: Record, remembered: Remembered = _NOTHING) -> Request:
    """Read the request in *record*, but for statements that are *remembered*.

    Raises Unreadable where anything about it is not as the door passes it on.
    """
    try:
        received = decode(record.value, Received)
        return Request(
            record=record,
            received_at=instant(received.received_at),
            source=received.source,
            authority=received.authority,
            statements=_candidates(received.statements, remembered),
            redacts=frozenset(map(activity_key, received.redacts)),
            redacts_json=tuple(map(orjson.dumps, received.redacts)),
            defines=received.defines,
        )
    except (BadMessage, ValueError) as error:
        raise Unreadable(f"unreadable: {error}") from error


def redacted_in(value: bytes, ids: Collection[StatementId]) -> bytes:
    """Return the `received` message *value* with the statements *ids* redacted; their digests stay."""
    received = decode(value, Received)
    statements = tuple(
        msgspec.structs.replace(each, body=msgspec.Raw(redact(bytes(each.body)))) if each.id.lower() in ids else each
        for each in received.statements
    )
    return encode(msgspec.structs.replace(received, statements=statements))


def _candidates(statements: tuple[ReceivedStatement, ...], remembered: Remembered) -> tuple[Candidate, ...]:
    candidates = tuple(_candidate(index, statement, remembered) for index, statement in enumerate(statements))
    if len({candidate.id for candidate in candidates}) < len(candidates):
        raise Unreadable("an id stands twice in one request")
    return candidates


def _candidate(index: int, received: ReceivedStatement, remembered: Remembered) -> Candidate:
    """Read one statement; raise Unreadable with its index in the request."""
    body = bytes(received.body)
    known = remembered.take(received, body)
    if known is not None:
        return known
    try:
        statement = _statement(body)
        return _read(received, body, statement)
    except (Malformed, Invalid, ValueError) as error:
        raise Unreadable(f"statement {index}: {error}") from error


def _statement(body: bytes) -> dict[str, Any]:
    """Parse a statement and check that it is valid, that the door has completed it, and that nobody has stored it yet."""
    statement: dict[str, Any] = parse(body, _LIMITS)
    version = statement.get("version", "") if isinstance(statement, dict) else ""
    validate(statement, Version.V2_0_0 if str(version).startswith("2.") else Version.V1_0_3)
    missing = [name for name in _SET_BY_THE_DOOR if name not in statement]
    if missing:
        raise Unreadable(f"{', '.join(missing)} missing")
    if "stored" in statement:
        raise Unreadable("it says when it was stored")
    return statement


def _read(received: ReceivedStatement, body: bytes, statement: dict[str, Any]) -> Candidate:
    identifier = extract.statement_id(statement)
    if identifier is None or identifier != received.id.lower():
        raise Unreadable("its id is not the one that it was received as")
    digest = bytes.fromhex(received.digest)
    if len(digest) != _DIGEST_BYTES:
        raise Unreadable("its digest has not 64 digits")
    return candidate(identifier, digest, body, statement)

"""What a door passes on, for tests of what comes after it."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

import msgspec
import orjson

from shared.contracts import RECEIVED, Received, ReceivedStatement, encode
from shared.stream import Batch, Partition, Record

PARTITION = Partition(RECEIVED.name, 0)
AUTHORITY = "account::lms@https://symposia.example"
VOIDED = "http://adlnet.gov/expapi/verbs/voided"


def id_of(number: int) -> str:
    """Return the id of the test's statement *number*."""
    return str(UUID(int=(4 << 76) | (8 << 60) | (number << 84)))


def statement(number: int, **changes: Any) -> dict[str, Any]:
    """Return statement *number* as the door completes it: somebody answered in a thread."""
    return {
        "id": id_of(number),
        "actor": {"objectType": "Agent", "account": {"homePage": "https://acme.slack.com", "name": f"U{number % 7}"}},
        "verb": {"id": "http://id.tincanapi.com/verb/replied", "display": {"en": "replied"}},
        "object": activity(f"https://acme.slack.com/archives/C1/p{number}"),
        "timestamp": "2026-01-31T12:00:00.000Z",
        "authority": {"objectType": "Agent", "account": {"homePage": "https://symposia.example", "name": "lms"}},
        "version": "1.0.3",
        **changes,
    }


def activity(iri: str, text: str = "How do I rebase?") -> dict[str, Any]:
    """Return the activity *iri*, whose name is what somebody wrote."""
    return {"objectType": "Activity", "id": iri, "definition": {"type": "http://activitystrea.ms/note", "name": {"en": text}}}


def reference(number: int) -> dict[str, Any]:
    """Return a reference to statement *number*."""
    return {"objectType": "StatementRef", "id": id_of(number)}


def voiding(number: int, target: int) -> dict[str, Any]:
    """Return statement *number*, which voids statement *target*."""
    return statement(number, verb={"id": VOIDED}, object=reference(target))


def received_statement(body: dict[str, Any] | bytes) -> ReceivedStatement:
    """Return *body* with its digest, which is of these very bytes here."""
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    return ReceivedStatement(orjson.loads(raw)["id"], hashlib.sha256(raw).hexdigest(), msgspec.Raw(raw))


def request(*bodies: dict[str, Any] | bytes, **changes: Any) -> Received:
    """Return one accepted request."""
    fields: dict[str, Any] = {
        "received_at": "2026-01-31T12:00:01.000000Z",
        "source": "source:slack-acme",
        "authority": AUTHORITY,
        "statements": tuple(map(received_statement, bodies)),
        **changes,
    }
    return Received(**fields)


def record(value: Received | bytes, offset: int = 0) -> Record:
    """Return the record of the log that carries *value*."""
    return Record(PARTITION, offset, None, value if isinstance(value, bytes) else encode(value))


def batch(*values: Received | bytes, offset: int = 0) -> Batch:
    """Return one batch of *values*."""
    return Batch(PARTITION, tuple(record(value, offset + place) for place, value in enumerate(values)))

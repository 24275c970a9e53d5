"""What headers say: the trace goes on, the schema version is named, and a dead letter tells why it died."""

from __future__ import annotations

from typing import Final

from shared.contracts.topics import Topic, dead_letters_of
from shared.contracts.wire import SCHEMA_VERSION_HEADER, TRACEPARENT_HEADER, VERSIONED
from shared.stream.ledger import DeadLetter
from shared.stream.log import RECORD_BYTES
from shared.stream.record import Batch, Header, Outgoing, Record

REASON_BYTES: Final = 4096
"""The most of a dead letter's reason that travels in a header; the table keeps the whole."""


def with_context(outgoing: Outgoing, batch: Batch) -> Outgoing:
    """Add the schema version and the trace of the record that *outgoing* follows from, unless the handler set them.

    The cause is the one that the handler names, else the batch's only record.
    """
    cause = outgoing.cause or (batch.records[0] if len(batch.records) == 1 else None)
    named = {name for name, _ in outgoing.headers}
    added = [VERSIONED] if SCHEMA_VERSION_HEADER not in named else []
    if cause is not None and TRACEPARENT_HEADER not in named:
        added += [header for header in cause.headers if header[0] == TRACEPARENT_HEADER]
    return Outgoing(outgoing.topic, outgoing.value, outgoing.key, (*outgoing.headers, *added))


def as_outgoing(letter: DeadLetter, topic: Topic) -> Outgoing:
    """Turn *letter* into the record for the dead letter topic of *topic*: the record as it came, with what became of it.

    A record too large to take these headers travels without its value, marked so; the table keeps the whole.
    """
    record = letter.record
    headers = (*_without_ours(record), *_epitaph(letter))
    whole = Outgoing(dead_letters_of(topic, letter.group), record.value, record.key, headers)
    if whole.size() <= RECORD_BYTES:
        return whole
    return Outgoing(whole.topic, b"", None, (*_epitaph(letter), ("dlq-value-omitted", str(len(record.value)).encode())))


def _epitaph(letter: DeadLetter) -> tuple[Header, ...]:
    """Say in headers why a record died, where it came from and how often it was tried."""
    record = letter.record
    return (
        ("dlq-reason", letter.reason.encode("utf-8", "replace")[:REASON_BYTES]),
        ("dlq-topic", record.partition.topic.encode()),
        ("dlq-partition", str(record.partition.number).encode()),
        ("dlq-offset", str(record.offset).encode()),
        ("dlq-attempts", str(letter.attempts).encode()),
    )


def _without_ours(record: Record) -> tuple[Header, ...]:
    return tuple(header for header in record.headers if not header[0].startswith("dlq-"))

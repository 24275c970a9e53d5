"""The topics: every topic name stands here and nowhere else. A breaking change is a new topic (`.v2`)."""

from __future__ import annotations

from dataclasses import dataclass

DAY_MS = 24 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Topic:
    """A stream of records of one kind; *retention_ms* bounds how long a copy of a statement lives outside the record."""

    name: str
    partitions: int = 6
    retention_ms: int = 28 * DAY_MS


RECEIVED = Topic("xapi.statement.received.v1", partitions=1)
"""One record is one accepted request; no key. One partition: the recorder is one writer, and order of arrival is kept."""

RECORDED = Topic("xapi.statement.recorded.v1")
"""One recorded statement, keyed by statement id; said again when it is voided or redacted."""

ENRICHED = Topic("xapi.statement.enriched.v1")
"""One statement with who, whose and which courses, keyed by statement id; a newer revision replaces the older."""

OBJECTION = Topic("learner.objection.v1", partitions=1)
"""A learner's objection to being scored (GDPR Art. 21) or its withdrawal, keyed by learner id."""

HEARD = Topic("interaction.heard.v1")
"""What was heard on a platform and may be told, keyed by source, on its way from ingest's doors to what tells it."""

NOTICED = Topic("platform.noticed.v1", partitions=1, retention_ms=7 * DAY_MS)
"""What a platform named by id alone, keyed by source, on its way from ingest's door to whoever asks for it."""

TOPICS = (HEARD, RECEIVED, RECORDED, ENRICHED, OBJECTION, NOTICED)


def dead_letters_of(topic: Topic, group: str) -> Topic:
    """Name the topic that takes what *group* could not use of *topic*."""
    return Topic(f"{topic.name}.{group}.dlq", partitions=1, retention_ms=topic.retention_ms)

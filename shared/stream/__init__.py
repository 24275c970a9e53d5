"""The stream: one loop, three logs, and what a handler says and hears."""

from shared.stream.consumer import Consumer
from shared.stream.errors import (
    ConsumerStopped,
    OffsetGap,
    OffsetRowMissing,
    RecordTooLarge,
    TooManyRejections,
    TopicRecreated,
)
from shared.stream.ledger import DeadLetter, Ledger, Settlement
from shared.stream.log import Inbox, Log
from shared.stream.memory import MemoryLog
from shared.stream.memory_ledger import MemoryLedger, MemoryTransaction
from shared.stream.metrics import StreamMetrics
from shared.stream.offsets import Beginning, GroupPartition, Mark
from shared.stream.postgres_ledger import PostgresLedger
from shared.stream.record import Batch, Cause, Decision, Handler, Header, Outgoing, Partition, Position, Record, Rejection
from shared.stream.settings import ConsumerSettings, StreamSettings
from shared.stream.steps import Observer, Step, crash_at_from_environment, unobserved

__all__ = [
    "Batch",
    "Beginning",
    "Cause",
    "Consumer",
    "ConsumerSettings",
    "ConsumerStopped",
    "DeadLetter",
    "Decision",
    "GroupPartition",
    "Handler",
    "Header",
    "Inbox",
    "Ledger",
    "Log",
    "Mark",
    "MemoryLedger",
    "MemoryLog",
    "MemoryTransaction",
    "Observer",
    "OffsetGap",
    "OffsetRowMissing",
    "Outgoing",
    "Partition",
    "Position",
    "PostgresLedger",
    "Record",
    "RecordTooLarge",
    "Rejection",
    "Settlement",
    "Step",
    "StreamMetrics",
    "StreamSettings",
    "TooManyRejections",
    "TopicRecreated",
    "crash_at_from_environment",
    "unobserved",
]

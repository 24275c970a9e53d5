"""What the recorder says: a statement of the record as it stands."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import msgspec

from services.gateway.recorder.ruling import Row
from shared.clock import rfc3339
from shared.contracts import RECORDED, Recorded, encode
from shared.stream import Outgoing, Record
from shared.xapi.model import StatementId


class RecordedRow(NamedTuple):
    """A row of the view lrs.recorded_statement, in the order of its columns; the id as text."""

    seq: int
    id: StatementId
    stored: datetime
    received_at: datetime
    source: str
    voided: bool
    redacted_at: datetime | None
    body: bytes
    names_only: bool = False


def recorded(row: Row | RecordedRow, cause: Record | None = None) -> Outgoing:
    """Say the statement in *row*; *cause* is the record that it was received in."""
    message = Recorded(
        id=row.id,
        seq=row.seq,
        stored=rfc3339(row.stored),
        received_at=rfc3339(row.received_at),
        source=row.source,
        statement=msgspec.Raw(row.body),
        voided=row.voided,
        redacted_at=None if row.redacted_at is None else rfc3339(row.redacted_at),
        names_only=isinstance(row, RecordedRow) and row.names_only,
    )
    return Outgoing(RECORDED, encode(message), row.id.encode(), cause=cause)

"""Decide a batch of what platforms named: it is kept until it was asked for."""

from __future__ import annotations

from typing import Final

from services.ingest.asking.store import Noticed, notice
from services.ingest.domain.reading import Lookup
from services.ingest.domain.source import SourceId
from shared import contracts
from shared.clock import Clock
from shared.contracts import BadMessage, decode
from shared.postgres import Transaction
from shared.stream import Batch, Decision, Rejection
from shared.xapi.bounded import bounded

GROUP: Final = "asking"


class Noticing:
    """The handler of `noticed`: the same message, however often, is one lookup."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def __call__(self, batch: Batch, transaction: Transaction) -> Decision:
        """Keep what *batch* names; what cannot be read is rejected, and its neighbours go on."""
        noticed: list[Noticed] = []
        rejections: list[Rejection] = []
        for record in batch.records:
            try:
                message = decode(record.value, contracts.Noticed)
            except BadMessage as error:
                rejections.append(Rejection(record, str(error)))
                continue
            lookup = Lookup(bounded(message.key), message.reference, message.noticed_at, message.after)
            noticed.append(Noticed(SourceId(message.source), lookup))
        if noticed:
            await notice(transaction, noticed, self._clock())
        return Decision(rejections=tuple(rejections))

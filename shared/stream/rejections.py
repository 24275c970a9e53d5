"""The limit on refused records: a handler that refuses nearly everything is stopped before it drains a topic."""

from __future__ import annotations

from collections import deque

from shared.stream.errors import TooManyRejections
from shared.stream.record import Batch, Decision
from shared.stream.settings import ConsumerSettings


class RejectionWindow:
    """The records that were last decided, and how many of them were refused."""

    def __init__(self, settings: ConsumerSettings) -> None:
        self._settings = settings
        self._decided: deque[tuple[int, int]] = deque()
        self._records = 0
        self._refused = 0

    def check(self, batch: Batch, decision: Decision) -> None:
        """Raise TooManyRejections where *decision* about *batch* would exceed both the number and the share."""
        refused = self._refused + len(decision.rejections)
        records = self._records + len(batch.records)
        if refused > self._settings.rejection_number and refused > self._settings.rejection_share * records:
            raise TooManyRejections(
                f"{refused} of the last {records} records were refused, the last because: {decision.rejections[-1].reason}"
                if decision.rejections
                else f"{refused} of the last {records} records were refused"
            )

    def add(self, batch: Batch, decision: Decision) -> None:
        """Count a batch that was settled, and forget those that slid out of the window."""
        self._decided.append((len(batch.records), len(decision.rejections)))
        self._records += len(batch.records)
        self._refused += len(decision.rejections)
        while self._records - self._decided[0][0] >= self._settings.rejection_window:
            records, refused = self._decided.popleft()
            self._records -= records
            self._refused -= refused

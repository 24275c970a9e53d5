"""The limit on unusable records: a handler that can read nearly nothing is stopped before it drains a topic.

Conflicts do not count, nor does what could be read and met a bug alone: one sender must not stop the record for all.
"""

from __future__ import annotations

from collections import deque

from shared.stream.errors import TooManyRejections
from shared.stream.record import Batch, Cause, Decision, Rejection
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
        unusable = _unusable(decision)
        refused = self._refused + len(unusable)
        records = self._records + len(batch.records)
        if refused > self._settings.rejection_number and refused > self._settings.rejection_share * records:
            raise TooManyRejections(
                f"{refused} of the last {records} records were refused, the last because: {unusable[-1].reason}"
                if unusable
                else f"{refused} of the last {records} records were refused"
            )

    def add(self, batch: Batch, decision: Decision) -> None:
        """Count a batch that was settled, and forget those that slid out of the window."""
        self._decided.append((len(batch.records), len(_unusable(decision))))
        self._records += len(batch.records)
        self._refused += len(_unusable(decision))
        while self._records - self._decided[0][0] >= self._settings.rejection_window:
            records, refused = self._decided.popleft()
            self._records -= records
            self._refused -= refused


def _unusable(decision: Decision) -> list[Rejection]:
    return [rejection for rejection in decision.rejections if rejection.cause is Cause.UNUSABLE]

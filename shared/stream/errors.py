"""What stops a consumer loudly: going on would lose records, or count them twice."""

from __future__ import annotations

from shared.errors import SymposiaError


class ConsumerStopped(SymposiaError):
    """A consumer cannot go on without a decision by the operator; its offset stays where it is."""


class OffsetGap(ConsumerStopped):
    """Records between the last applied one and the next one to be had are gone from the log."""


class TopicRecreated(ConsumerStopped):
    """The log holds something else where the last applied record stood, or ends before it."""


class OffsetRowMissing(ConsumerStopped):
    """The row that says how far a group has read is gone from the database."""


class TooManyRejections(ConsumerStopped):
    """A handler refuses so many records that the fault is likely its own, or its topic's."""


class RecordTooLarge(SymposiaError):
    """A record has more bytes than any part of the log accepts."""

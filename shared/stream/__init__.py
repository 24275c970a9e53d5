"""The stream: one loop, three logs, and what a handler says and hears."""

from shared.stream.record import Batch, Decision, Handler, Header, Outgoing, Partition, Position, Record, Rejection

__all__ = ["Batch", "Decision", "Handler", "Header", "Outgoing", "Partition", "Position", "Record", "Rejection"]

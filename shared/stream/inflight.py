"""Back-pressure at the door: bytes under way to the log are bounded, and what is too much is refused at once."""

from __future__ import annotations

from prometheus_client import Gauge

from shared.errors import Unavailable


class InFlight:
    """The bytes under way to the log; *gauge* shows them."""

    def __init__(self, limit: int, gauge: Gauge) -> None:
        self._limit = limit
        self._bytes = 0
        gauge.set_function(lambda: self._bytes)

    def admit(self, size: int) -> None:
        """Count *size* bytes as under way. Raises Unavailable, at once, where they would be too many; one record always fits."""
        if self._bytes and self._bytes + size > self._limit:
            raise Unavailable("log", f"{self._bytes} bytes are under way already")
        self._bytes += size

    def release(self, size: int) -> None:
        """Count *size* bytes as delivered, or given up by the log."""
        self._bytes -= size

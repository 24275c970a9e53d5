"""The three kinds of failure: a `Rejection` is a value (shared.stream), an outage is `Unavailable`, the rest is a bug."""

from __future__ import annotations


class SymposiaError(Exception):
    """Base of the errors that Symposia raises itself."""


class Unavailable(SymposiaError):
    """A part we depend on does not answer or is not ready; wait *retry_after* seconds and try again.

    The outcome of what was under way is unknown: a retry carries the same ids.
    """

    def __init__(self, part: str, reason: str, *, retry_after: float = 1.0) -> None:
        super().__init__(f"{part} is unavailable: {reason}")
        self.part = part
        self.reason = reason
        self.retry_after = retry_after


class Misconfigured(SymposiaError):
    """This installation cannot work as it is set up; the message says what to change."""

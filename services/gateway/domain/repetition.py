"""Whether what is sent under the id of a recorded statement is that statement again, or other content (1.0.3 Data §2.3.1)."""

from __future__ import annotations

from typing import Final

from shared.xapi import canonical, guard

_LIMITS: Final = guard.Limits()


def repeats(recorded: bytes, digest: bytes, body: bytes) -> bool:
    """Say whether a valid statement with this *digest* and *body* is the one whose digest is *recorded*.

    Whoever sent it without a time, and read it with the one that it was given, may send it so again.
    """
    return recorded == digest or recorded == _without_time(body)


def _without_time(body: bytes) -> bytes:
    statement = guard.parse(body, _LIMITS)
    return canonical.digest({name: value for name, value in statement.items() if name != "timestamp"})

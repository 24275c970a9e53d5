"""Whether what is sent under the id of a recorded statement is that statement again, or other content (1.0.3 Data §2.3.1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from shared.xapi import canonical, guard

_LIMITS: Final = guard.Limits()


def repeats(recorded: bytes, digest: bytes, body: bytes) -> bool:
    """Say whether a valid statement with this *digest* and *body* is the one whose digest is *recorded*.

    A sender that gave no time may have read the statement back with the time that we gave it, and send it so again. Another LRS
    may have added default object types, or have written 3 as 3.0.
    """
    return recorded == digest or recorded in _as_it_was_sent(body)


def _as_it_was_sent(body: bytes) -> Iterator[bytes]:
    """Yield the digests of the originals that *body* may stem from: they said less, or wrote numbers differently."""
    statement = guard.parse(body, _LIMITS)
    yield from _saying_less(statement)
    for spell in (canonical.with_whole_numbers, canonical.with_decimal_score):
        spelled = spell(statement)
        if spelled is not statement:
            yield canonical.digest(spelled)
            yield from _saying_less(spelled)


def _saying_less(statement: dict[str, Any]) -> Iterator[bytes]:
    brief = canonical.without_default_types(statement)
    for each in (statement, brief):
        yield canonical.digest({name: value for name, value in each.items() if name != "timestamp"})
    yield canonical.digest(brief)

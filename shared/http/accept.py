"""Content negotiation (RFC 9110 §12.5.1): which of the media types on offer a request accepts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

MOST_RANGES: Final = 32
"""Ranges of an `Accept` that are read."""
EXACT, ONE_KIND, ANYTHING = 2, 1, 0


def chosen(accept: str | None, offered: Sequence[str]) -> str:
    """Return the first of the *offered* media types that *accept* takes at all; the first of all where it takes none."""
    if not accept:
        return offered[0]
    ranges = [_read(item) for item in accept.lower().split(",")[:MOST_RANGES]]
    return next((media_type for media_type in offered if _takes(ranges, media_type)), offered[0])


def _read(item: str) -> tuple[str, bool]:
    """Return a media range, and whether it is wanted at all (its weight is not 0)."""
    media_range, *parameters = (part.strip() for part in item.split(";"))
    weights = [value for name, _, value in (each.partition("=") for each in parameters) if name.strip() == "q"]
    return media_range, not any(_is_zero(weight) for weight in weights)


def _is_zero(weight: str) -> bool:
    return weight.strip().rstrip("0") in {"", "0."} and weight.strip() != ""


def _takes(ranges: Sequence[tuple[str, bool]], media_type: str) -> bool:
    """Ask the most specific of the *ranges* that match *media_type*."""
    matching = [(_specificity(media_range, media_type), wanted) for media_range, wanted in ranges]
    found = [each for each in matching if each[0] is not None]
    return bool(found) and max(found, key=lambda each: each[0] or 0)[1]


def _specificity(media_range: str, media_type: str) -> int | None:
    """Return how closely *media_range* describes *media_type*, None where it does not."""
    if media_range == media_type:
        return EXACT
    if media_range == f"{media_type.partition('/')[0]}/*":
        return ONE_KIND
    return ANYTHING if media_range in {"*/*", "*"} else None

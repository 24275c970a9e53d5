"""How long to leave alone what failed: longer after each failure, with jitter, so that who failed together comes back apart."""

from __future__ import annotations

import random
from typing import Final

MOST_DOUBLINGS: Final = 30
"""Every limit is reached long before; without a bound a float would overflow after a thousand failures."""


def backoff(failures: int, *, first: float, longest: float) -> float:
    """Return the seconds to wait after *failures* in a row and one more: *first*, doubled with each failure, up to *longest*.

    Jitter takes up to half of that away.
    """
    limit = min(first * 2.0 ** min(failures, MOST_DOUBLINGS), longest)
    return random.uniform(limit / 2, limit)  # noqa: S311  jitter, not a secret

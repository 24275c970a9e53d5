"""Names that are spliced into SQL, because PostgreSQL takes no parameter there."""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def quoted(name: str) -> str:
    """Return *name* as a quoted identifier; raises ValueError unless it is lower-case ASCII letters, digits and `_`."""
    if not _PLAIN.fullmatch(name):
        raise ValueError(f"{name!r} is not a plain identifier")
    return f'"{name}"'

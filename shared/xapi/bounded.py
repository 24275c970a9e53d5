"""Make any text fit for a PostgreSQL text column and its index, so that no statement can stop a consumer."""

import hashlib
from typing import Final

MAX_BYTES: Final = 2000
"""A btree entry of PostgreSQL holds 2,704 bytes; this leaves room for the other columns of an index."""


def bounded(text: str) -> str:
    """Return *text*, or `#sha256:` and its hash when it has more than MAX_BYTES bytes; IRIs never start with #."""
    if len(text) * 4 <= MAX_BYTES or len(encoded := text.encode()) <= MAX_BYTES:
        return text
    return f"#sha256:{hashlib.sha256(encoded).hexdigest()}"

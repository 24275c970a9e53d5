"""A digest of what was scored: equal tables, equal digests, however they came to be."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass

from services.scoring.store import QUERIES
from shared.postgres import Database


@dataclass(frozen=True, slots=True)
class Digest:
    """How many facts, cells and receipts there are, and the SHA-256 (hex) of all that they say; bookkeeping is left out."""

    facts: int
    cells: int
    receipts: int
    sha256: str


async def digest(database: Database) -> Digest:
    """Read the facts, cells and receipts of one snapshot, row by row, into a digest."""
    hashed = hashlib.sha256()
    counts: Counter[str] = Counter()
    async with database.transaction() as transaction:
        async for row in transaction.cursor(QUERIES["digest_rows"]):
            counts[row["name"]] += 1
            hashed.update(f"{row['name']} {row['line']}\n".encode())
    return Digest(counts["fact"], counts["cell"], counts["receipt"], hashed.hexdigest())

"""A digest of what enrichment knows: equal tables, equal digests, however they came to be."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import Final

from shared.postgres import Database, load_queries

_QUERIES: Final = load_queries(__package__)


@dataclass(frozen=True, slots=True)
class Digest:
    """How many interactions, learners and aliases there are, and the SHA-256 (hex) of all they say; revisions are left out."""

    interactions: int
    learners: int
    aliases: int
    sha256: str


async def digest(database: Database) -> Digest:
    """Read schema `records` in one snapshot, row by row, into a digest; `seq`, `stored` and `received_at` are bookkeeping too."""
    hashed = hashlib.sha256()
    counts: Counter[str] = Counter()
    async with database.transaction() as transaction:
        async for row in transaction.cursor(_QUERIES["digest_rows"]):
            counts[row["name"]] += 1
            hashed.update(f"{row['name']} {row['line']}\n".encode())
    return Digest(counts["interaction"], counts["learner"], counts["alias"], hashed.hexdigest())

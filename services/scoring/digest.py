"""A digest of what was scored: equal tables, equal digests, however they came to be."""

from __future__ import annotations

from dataclasses import dataclass

from services.scoring.store import QUERIES
from shared.postgres import Database
from shared.postgres.digest import digest_of


@dataclass(frozen=True, slots=True)
class Digest:
    """How many facts, cells and receipts there are, and the SHA-256 (hex) of their content without bookkeeping."""

    facts: int
    cells: int
    receipts: int
    sha256: str


async def digest(database: Database) -> Digest:
    """Digest the facts, cells and receipts in one snapshot. Raises Unavailable."""
    found = await digest_of(database, QUERIES["digest_rows"])
    return Digest(found.counts["fact"], found.counts["cell"], found.counts["receipt"], found.sha256)

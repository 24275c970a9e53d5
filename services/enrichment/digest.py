"""A digest of what enrichment knows: equal tables, equal digests, however they came to be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shared.postgres import Database, load_queries
from shared.postgres.digest import digest_of

_QUERIES: Final = load_queries(__package__)


@dataclass(frozen=True, slots=True)
class Digest:
    """How many interactions, learners and aliases there are, and the SHA-256 (hex) of their content without revisions."""

    interactions: int
    learners: int
    aliases: int
    sha256: str


async def digest(database: Database) -> Digest:
    """Digest schema `records` in one snapshot, without `seq`, `stored` and `received_at`. Raises Unavailable."""
    found = await digest_of(database, _QUERIES["digest_rows"])
    return Digest(found.counts["interaction"], found.counts["learner"], found.counts["alias"], found.sha256)

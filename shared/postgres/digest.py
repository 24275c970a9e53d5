"""A digest of tables: the same rows give the same digest, in whatever order they were written."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from shared.postgres.database import Database
from shared.postgres.queries import Query


class RowsDigest(NamedTuple):
    """How many rows there are under each name, and the SHA-256 (hex) of all of them."""

    counts: Mapping[str, int]
    sha256: str


async def digest_of(database: Database, query: Query) -> RowsDigest:
    """Digest the rows of *query* (`name`, `line`), read one by one in one snapshot; *query* puts them in a fixed order."""
    hashed = hashlib.sha256()
    counts: Counter[str] = Counter()
    async with database.transaction() as transaction:
        async for row in transaction.cursor(query):
            counts[row["name"]] += 1
            hashed.update(f"{row['name']} {row['line']}\n".encode())
    return RowsDigest(counts, hashed.hexdigest())

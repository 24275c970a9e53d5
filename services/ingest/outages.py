"""What is nobody's in particular: an outage, or a set-up that somebody has to change. Until then it befalls whatever is told."""

from __future__ import annotations

from typing import Final

import asyncpg

from shared.errors import Misconfigured, Unavailable

SET_UP: Final = (
    Misconfigured,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidSchemaNameError,
    asyncpg.SyntaxOrAccessError,
)
"""As while a topic is missing, tables are not migrated yet, or PostgreSQL refuses our password (classes 28, 3D, 3F and 42)."""


def outage_of(error: BaseException) -> Unavailable | None:
    """Return *error* as an outage, or None where it is that of what was being told alone."""
    if isinstance(error, Unavailable):
        return error
    return Unavailable("ingest", str(error)) if isinstance(error, SET_UP) else None

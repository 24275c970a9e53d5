"""The tables of one schema, opened for a command."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.installation import Installation
from services.targets import TARGETS
from shared.postgres import Database


@asynccontextmanager
async def open_tables(installation: Installation, schema: str, application: str) -> AsyncIterator[Database]:
    """Open *schema*; raises Unavailable where PostgreSQL does not answer, or has not the tables of this version."""
    packages = next(target.packages for target in TARGETS if target.schema == schema)
    database = await Database.open(installation.postgres, schema=schema, application=application, packages=packages)
    try:
        await database.ready()
        yield database
    finally:
        await database.close()

"""Every table of the services as text, to be searched for what must not be there."""

from __future__ import annotations

from collections.abc import Iterable

import asyncpg

from shared.settings import PostgresSettings

SCHEMAS = ["ingest", "lrs", "records", "impact"]
"""All but the log, whose topics end by themselves."""


async def tables_holding(postgres: PostgresSettings, texts: Iterable[str]) -> dict[str, set[str]]:
    """Return which of *texts* stand in which table, as text or as the hexadecimal of bytes, in any case of letters."""
    forms = {text: (text.lower(), text.encode().hex(), text.lower().encode().hex()) for text in texts}
    found: dict[str, set[str]] = {}
    connection = await asyncpg.connect(postgres.url.get_secret_value())
    try:
        for schema, table in await connection.fetch(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY ($1)", SCHEMAS
        ):
            query = f'SELECT t::text FROM "{schema}"."{table}" t'  # noqa: S608  names from the catalogue itself
            for (row,) in await connection.fetch(query):
                said = row.lower()
                here = {text for text, spelt in forms.items() if any(each in said for each in spelt)}
                if here:
                    found.setdefault(f"{schema}.{table}", set()).update(here)
    finally:
        await connection.close()
    return found

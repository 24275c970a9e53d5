"""The NOLOGIN role of each schema, which holds the rights that its service needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import asyncpg

from shared.postgres.identifiers import quoted

if TYPE_CHECKING:
    from shared.postgres.migrate import Target

_PREFIX: Final = "symposia_"
_MAY_CREATE = "SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user"
_EXISTS = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)"


def role(schema: str) -> str:
    """Return the name of the role that may work in *schema*."""
    return f"{_PREFIX}{schema}"


async def ensure_role(connection: asyncpg.Connection, schema: str) -> bool:
    """Create the role of *schema* where that is permitted, and say whether it exists."""
    if not await connection.fetchval(_EXISTS, role(schema)) and await connection.fetchval(_MAY_CREATE):
        try:
            async with connection.transaction():
                await connection.execute(_create(schema))
        except (asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError):
            return True  # roles belong to the whole server: another database's migration was quicker
    return bool(await connection.fetchval(_EXISTS, role(schema)))


def privileges(schema: str) -> str:
    """Return the SQL that lets the role of *schema* use what is, and what will be, in it; running it twice is harmless."""
    where, who = quoted(schema), quoted(role(schema))
    default = f"ALTER DEFAULT PRIVILEGES IN SCHEMA {where} GRANT"
    return "\n".join(
        (
            f"GRANT USAGE ON SCHEMA {where} TO {who};",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {where} TO {who};",
            f"REVOKE INSERT, UPDATE, DELETE ON {where}.migration FROM {who};",
            f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {where} TO {who};",
            f"{default} SELECT, INSERT, UPDATE, DELETE ON TABLES TO {who};",
            f"{default} USAGE, SELECT ON SEQUENCES TO {who};",
        )
    )


def print_roles(targets: Sequence[Target]) -> str:
    """Return the SQL that an administrator runs where migrations may not create roles, with advice on logins.

    One login may be a member of all roles; only a login for each service separates the services from one another.
    """
    head = (
        "-- Run this as a role that may create roles, before `symposia migrate`.",
        "-- Then make a login for each service, or one for all, and grant it the roles it works as:",
        "--   CREATE ROLE lrs_login LOGIN PASSWORD '…' IN ROLE symposia_lrs, symposia_log;",
        "-- The login that migrates owns the schemas: CREATE ROLE symposia_migrate LOGIN …; GRANT CREATE ON DATABASE … TO it.",
    )
    return "\n".join((*head, *(_create(target.schema) for target in targets))) + "\n"


def _create(schema: str) -> str:
    return f"CREATE ROLE {quoted(role(schema))} NOLOGIN;"

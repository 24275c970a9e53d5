"""Tell outages of PostgreSQL, which pass, from collisions, which are tried again, from misconfigurations, and from bugs."""

from __future__ import annotations

import os
from typing import Final
from urllib.parse import parse_qs, urlsplit

import asyncpg

from shared.errors import Misconfigured, Unavailable

# https://www.postgresql.org/docs/current/errcodes-appendix.html
_CONNECTION = "08"
_INSUFFICIENT_RESOURCES = "53"
_SYSTEM_ERROR = "58"
_AUTHORISATION = "28"
_LOST = frozenset(
    {
        "25006",  # a standby, or a primary that was set read-only: we are connected to the wrong server
        "25P03",  # our transaction was idle too long, and PostgreSQL ended the session
        "25P04",  # our transaction took longer than an administrator's transaction_timeout
        "40003",  # whether the commit succeeded is unknown
        "57P01",  # an administrator stops the server
        "57P02",  # a crash of another backend
        "57P03",  # starting up, or shutting down
        "57P05",  # the session was idle too long
    }
)
_BUSY = frozenset(
    {
        "55P03",  # a lock was not released within lock_timeout
        "57014",  # statement_timeout, or an administrator's cancel
    }
)
_COLLISIONS = frozenset(
    {
        "40001",  # serialisation failure
        "40P01",  # deadlock
        "0A000",  # only as InvalidCachedStatementError: a migration changed what a prepared statement returns
    }
)
_UNKNOWN = frozenset(
    {
        "22023",  # a value that a setting of PostgreSQL does not accept
        "42704",  # no setting of PostgreSQL, but one of libpq's: channel_binding, connect_timeout, …
    }
)
_FILES: Final = ("sslrootcert", "sslcert", "sslkey", "sslcrl")
"""Parameters of a connection URI that name a file."""

_POOLED = frozenset(
    {
        "26000",  # a statement that we prepared does not exist
        "42P05",  # or exists before we prepared it: the session is another client's
    }
)
_UNREACHABLE: tuple[type[Exception], ...] = (OSError, TimeoutError, asyncpg.TargetServerAttributeNotMatched)

POOLERS: Final = "Let DATABASE_URL name PostgreSQL itself, or do as docs/operations.md says of PgBouncer."

_OUT_OF_STEP: tuple[type[Exception], ...] = (asyncpg.InterfaceError, asyncpg.InternalClientError)
"""The driver's errors when a connection ends between two of our messages."""


def sqlstate(error: BaseException) -> str:
    """Return the error's SQLSTATE, or the name of its class where it has none."""
    return getattr(error, "sqlstate", None) or type(error).__name__


def is_collision(error: BaseException) -> bool:
    """Say whether running the same transaction again can succeed at once."""
    if isinstance(error, asyncpg.FeatureNotSupportedError):
        return isinstance(error, asyncpg.InvalidCachedStatementError)
    return isinstance(error, asyncpg.PostgresError) and error.sqlstate in _COLLISIONS


def is_lost(error: BaseException) -> bool:
    """Say whether our connections are lost: the server is gone, or no longer takes writes."""
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        return state in _LOST or state.startswith(_CONNECTION)
    return isinstance(
        error, (ConnectionError, asyncpg.InterfaceError, asyncpg.InternalClientError, asyncpg.TargetServerAttributeNotMatched)
    )


def is_silent(error: BaseException) -> bool:
    """Say whether the server did not answer on a connection; then the network may have dropped the others too."""
    return isinstance(error, TimeoutError)


def is_outage(error: BaseException, *, closed: bool) -> bool:
    """Say whether *error*, raised inside a transaction, is an outage; *closed* says whether its connection is closed."""
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        return is_lost(error) or state in _BUSY or state[:2] in {_INSUFFICIENT_RESOURCES, _SYSTEM_ERROR}
    if isinstance(error, asyncpg.InterfaceError):
        return closed
    # InternalClientError: driver and server are out of step, as when the server reports a crash between two of our messages.
    return isinstance(error, (ConnectionError, TimeoutError, asyncpg.InternalClientError))


def connecting_failed(error: Exception, dsn: str = "", *, admitted: bool = False) -> Unavailable | Misconfigured | None:
    """Translate an error that was raised while a connection to *dsn* was opened; None for a bug.

    *admitted* says that the login worked before. If it is refused now, that is an outage: its password is being changed, or a
    standby does not have all of the rules yet.
    """
    if isinstance(error, asyncpg.PostgresError):
        return _turned_away(error, admitted=admitted)
    if unusable := _unusable(error, dsn):
        return Misconfigured(f"DATABASE_URL cannot be used: {unusable}")
    if isinstance(error, TimeoutError) and not str(error):
        error = TimeoutError("no connection in time")
    return unavailable(error, place_of(dsn)) if isinstance(error, (*_UNREACHABLE, *_OUT_OF_STEP)) else None


def _turned_away(error: asyncpg.PostgresError, *, admitted: bool) -> Unavailable | Misconfigured | None:
    """Translate the error with which a server, or a pooler in front of it, refuses a connection."""
    state = error.sqlstate or ""
    if state.startswith(_AUTHORISATION) or isinstance(error, asyncpg.InvalidCatalogNameError):
        refused = f"PostgreSQL refuses us: {error}. Check DATABASE_URL."
        return Unavailable("postgres", refused) if admitted else Misconfigured(refused)
    if "startup parameter" in str(error):  # PgBouncer's words, which has one code for all
        return Misconfigured(f"A pooler in front of PostgreSQL refuses us: {error}. {POOLERS}")
    if state in _UNKNOWN:
        return Misconfigured(f"DATABASE_URL cannot be used: {error}. Leave out the parameters that only libpq knows.")
    return unavailable(error) if is_outage(error, closed=True) else None


def _unusable(error: Exception, dsn: str) -> str:
    """Say what is wrong with *dsn* itself; "" where nothing is."""
    if isinstance(error, asyncpg.exceptions.ClientConfigurationError):
        return str(error)
    if isinstance(error, ValueError) and not isinstance(error, OSError):  # its text may be part of the password
        return "it is not a URI. Write / ? # @ : % of a password as %2F %3F %23 %40 %3A %25."
    if isinstance(error, (FileNotFoundError, PermissionError)):
        named = parse_qs(urlsplit(dsn).query)
        missing = [f"{name}={file}" for name in _FILES for file in named.get(name, ()) if not os.access(file, os.R_OK)]
        return f"{', '.join(missing)} names no file that we can read." if missing else ""
    return ""


def forbidden(error: Exception) -> Misconfigured | None:
    """Translate the error of a login without a right, or of a pooler that does not keep sessions; None for any other."""
    if isinstance(error, asyncpg.PostgresError) and error.sqlstate in _POOLED:
        return Misconfigured(
            f"A pooler in front of PostgreSQL takes our sessions away between transactions: {error.args[0]}. {POOLERS}"
        )
    if not isinstance(error, asyncpg.InsufficientPrivilegeError):
        return None
    return Misconfigured(f"PostgreSQL refuses this login: {error}. Grant it what `symposia migrate --print-roles` says.")


def place_of(dsn: str) -> str:
    """Return the host and port of *dsn*, or several of them, and nothing else of it; "" where it names none."""
    try:
        parts = urlsplit(dsn)
        return parts.netloc.rpartition("@")[2] or ",".join(parse_qs(parts.query).get("host", ()))
    except ValueError:
        return ""


def unavailable(error: BaseException, place: str = "") -> Unavailable:
    """Turn *error* into Unavailable, naming the *place* where it was met."""
    words = _words(error)
    said = f"{sqlstate(error)}: {words}" if words else sqlstate(error)
    return Unavailable("postgres", f"{said}, at {place}" if place else said)


def _words(error: BaseException) -> str:
    """Describe *error*, where the driver's own words say too little."""
    if isinstance(error, TimeoutError) and not str(error):
        return "no answer in time"
    if isinstance(error, asyncpg.LockNotAvailableError):
        return f"{error}: something else, such as an import, an erasure or a migration, keeps it locked"
    return str(error)

"""Recognise the master key: with another one every sender would be refused, and erased people be recorded again."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from services.gateway.domain.keychain import Keychain
from shared.errors import Misconfigured
from shared.postgres import Database, Transaction, load_queries

STRANGE: Final = (
    "The master key is not the one that this installation was made with: put that one back, from a backup. "
    "Where it is lost for good, `symposia migrate --new-master-key` goes on with this one; then each credential, source and "
    "target of forwarding needs a new secret."
)
_QUERIES: Final = load_queries(__package__)


async def is_recognised(database: Database, keychain: Keychain) -> bool:
    """Say whether one of the keys at hand was in use here before, or none was. Raises Unavailable."""
    return bool(await database.fetchval(_QUERIES["recognise"], list(keychain.fingerprints)))


async def recognise(database: Database, keychain: Keychain, now: datetime) -> None:
    """Remember the key that is in use. Raises Misconfigured where it is another installation's, and Unavailable."""
    if not await is_recognised(database, keychain):
        raise Misconfigured(STRANGE)
    await database.execute(_QUERIES["remember_key"], keychain.fingerprints[0], now)


async def adopt(database: Database, keychain: Keychain, now: datetime) -> bool:
    """Take the key in use for this installation's, and forget all others; say whether it was strange. Raises Unavailable."""

    async def work(transaction: Transaction) -> bool:
        known = await transaction.fetchval(_QUERIES["recognise"], list(keychain.fingerprints[:1]))
        await transaction.execute(_QUERIES["forget_keys"])
        await transaction.execute(_QUERIES["remember_key"], keychain.fingerprints[0], now)
        return not known

    return await database.run(work)

"""Whom ingest had to forget, for as long as what was heard before may still be told: by keyed digests, not by name."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple, Self, TypeAlias

from services.ingest.domain.interaction import AccountName
from services.ingest.domain.source import SourceId
from shared.contracts import HEARD
from shared.master_key import key_for, master_keys
from shared.postgres import Transaction, load_queries
from shared.settings import SecretSettings

WasErased: TypeAlias = Callable[[SourceId, AccountName, datetime], bool]
"""Say whether whoever has this account of that source was erased at this time or after it."""


class Erased(NamedTuple):
    """Who was erased since the time that was asked about: *was_erased* says of whom, None where nobody was.

    *until* is when the last person of all was erased, whether or not that was since then.
    """

    until: datetime
    was_erased: WasErased | None = None


ErasedSince: TypeAlias = Callable[[datetime, Transaction], Awaitable[Erased]]
"""Return who was erased since a time, as far as the transaction sees."""

KEPT: Final = timedelta(milliseconds=HEARD.retention_ms) + timedelta(days=1)
"""How long it is remembered who was erased: the log keeps up to a day more than it is told to."""
DIGEST_BYTES: Final = 16

_PURPOSE: Final = b"ingest-erased"
_QUERIES: Final = load_queries(__package__)
_NEVER: Final = datetime(1, 1, 1, tzinfo=UTC)


class Forgotten:
    """Remembers the erased by keys derived from the master keys: the first writes, all are looked for."""

    def __init__(self, masters: Sequence[bytes]) -> None:
        self._keys = [key_for(_PURPOSE, master) for master in masters]

    @classmethod
    def of(cls, secrets: SecretSettings) -> Self:
        """Derive the keys from the master key, and from the one before it. Raises Misconfigured."""
        return cls(master_keys(secrets))

    async def remember(self, transaction: Transaction, accounts: Collection[tuple[str, str]]) -> None:
        """Remember that *accounts*, pairs of a source and a name there, are erased now; forget whom nothing tells of any more."""
        sources, digests = [source for source, _ in accounts], [_digest(self._keys[0], *each) for each in accounts]
        await transaction.execute(_QUERIES["remember_erased"], sources, digests)
        await transaction.execute(_QUERIES["forget_erased"], KEPT)

    async def since(self, time: datetime, transaction: Transaction) -> Erased:
        """Return who was erased since *time*, and when the last person was."""
        until = await transaction.fetchval(_QUERIES["last_erasure"]) or _NEVER
        if until < time:
            return Erased(until)
        rows = await transaction.fetch(_QUERIES["erased_since"], time)
        erased = {(row["source"], row["account"]): row["erased_at"] for row in rows}

        def was_erased(source: SourceId, name: AccountName, heard: datetime) -> bool:
            return any(erased.get((source, _digest(key, source, name)), _NEVER) >= heard for key in self._keys)

        return Erased(until, was_erased)


def _digest(key: bytes, source: str, name: str) -> bytes:
    account = f"{source}\x00{name}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(account, key=key, digest_size=DIGEST_BYTES).digest()

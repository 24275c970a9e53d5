"""The octets of attachments, each stored once, and the statements that they came with."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final, NamedTuple, NewType
from uuid import UUID

from services.gateway.attachments.declarations import declared_in
from services.gateway.domain.enclosed import Sha2, Use
from shared.errors import Unavailable
from shared.postgres import Database, Transaction, load_queries
from shared.xapi.model import StatementId

Sha256 = NewType("Sha256", bytes)
"""The digest under which octets are stored, whichever hash a statement declares them by."""

AT_ONCE: Final = 1024 * 1024
"""Octets that are read, and so held in memory, at a time for one answer."""
LOOKED_AT: Final = 100
"""Uses whose statements are read at a time."""

_QUERIES: Final = load_queries(__package__)


class Kept(NamedTuple):
    """Octets that came with *statement*, whose hash there is *sha2*."""

    statement: StatementId
    sha2: Sha2
    sha256: Sha256
    length: int


class AttachmentStore:
    """The tables of attachments."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, uses: Sequence[Use], at: datetime) -> None:
        """Store the octets of *uses*, from a request received *at*; storing them again changes nothing. Raises Unavailable."""
        digests = {use.sha2: _sha256(use.content) for use in uses}
        contents = {digests[use.sha2]: use.content for use in uses}
        noted = (
            [UUID(use.statement) for use in uses],
            [bytes.fromhex(use.sha2) for use in uses],
            [digests[use.sha2] for use in uses],
        )

        async def work(transaction: Transaction) -> None:
            for sha256 in sorted(contents):
                await transaction.execute(_QUERIES["keep"], sha256, contents[sha256], at)
            await transaction.execute(_QUERIES["note_uses"], *noted, at)

        await self._database.run(work)

    async def of_statements(self, ids: Iterable[StatementId]) -> list[Kept]:
        """Return what came with the statements *ids*, whether or not they declare it. Raises Unavailable."""
        rows = await self._database.fetch(_QUERIES["of_statements"], [UUID(each) for each in ids])
        return [
            Kept(StatementId(str(statement)), Sha2(sha2.hex()), Sha256(sha256), length)
            for statement, sha2, sha256, length in rows
        ]

    async def octets(self, several: Iterable[Kept]) -> AsyncIterator[tuple[Kept, bytes]]:
        """Yield the octets of *several* in order, in pieces of at most AT_ONCE; for an attachment of 0 bytes, one empty piece.

        Raises Unavailable, also where octets were erased since they were looked up.
        """
        for _, group in groupby(_batches(several), key=lambda numbered: numbered[0]):
            batch = [kept for _, kept in group]
            if batch[0].length > AT_ONCE:
                async for piece in self._pieces(batch[0]):
                    yield batch[0], piece
                continue
            rows = await self._database.fetch(_QUERIES["contents"], [kept.sha256 for kept in batch])
            contents: dict[bytes, bytes] = {sha256: content for sha256, content in rows}  # noqa: C416  a row is no pair to mypy
            for kept in batch:
                if kept.sha256 not in contents:
                    raise _erased()
                yield kept, contents[kept.sha256]

    async def release(self, transaction: Transaction, bodies: Mapping[StatementId, bytes]) -> None:
        """Delete uses that statements no longer declare in their *bodies*, and octets with their last use. Raises Unavailable."""
        still = [(UUID(statement), bytes.fromhex(sha2)) for statement, body in bodies.items() for sha2 in declared_in(body)]
        statements, hashes = [statement for statement, _ in still], [sha2 for _, sha2 in still]
        rows = await transaction.fetch(_QUERIES["release_uses"], [UUID(each) for each in bodies], statements, hashes)
        if rows:
            await transaction.execute(_QUERIES["release_contents"], [sha256 for (sha256,) in rows])

    async def settle(self, patience: timedelta) -> int:
        """Check uses that are older than *patience* on the record's clock; confirm those that the record declares, delete others.

        Returns how many were checked, 0 when none is left. Raises Unavailable.
        """
        rows = await self._database.fetch(_QUERIES["due"], patience, LOOKED_AT)
        borne_out = [
            (statement, sha2) for statement, sha2, body in rows if body is not None and Sha2(sha2.hex()) in declared_in(body)
        ]
        gone = [(statement, sha2) for statement, sha2, _ in rows if (statement, sha2) not in set(borne_out)]
        if borne_out:
            await self._database.execute(_QUERIES["settle"], *_columns(borne_out))
        if gone:
            await self._database.execute(_QUERIES["drop_uses"], *_columns(gone), patience)
        return len(rows)

    async def sweep(self, patience: timedelta) -> int:
        """Delete octets without a use that are older than *patience*; return how many attachments. Raises Unavailable."""
        status = await self._database.execute(_QUERIES["sweep"], patience)
        return int(status.rpartition(" ")[2])

    async def _pieces(self, kept: Kept) -> AsyncIterator[bytes]:
        for start in range(0, kept.length, AT_ONCE):
            piece: bytes | None = await self._database.fetchval(_QUERIES["piece"], kept.sha256, start + 1, AT_ONCE)
            if piece is None:
                raise _erased()
            yield piece


def _sha256(content: bytes) -> Sha256:
    return Sha256(hashlib.sha256(content).digest())


def _batches(several: Iterable[Kept]) -> Iterable[tuple[int, Kept]]:
    """Yield *several*, each with the number of the batch it is read in: of at most AT_ONCE octets, or of one that has more."""
    number, size = 0, 0
    for kept in several:
        if size and size + kept.length > AT_ONCE:
            number, size = number + 1, 0
        size += max(kept.length, 1)
        yield number, kept


def _columns(pairs: Sequence[tuple[UUID, bytes]]) -> tuple[list[UUID], list[bytes]]:
    return [statement for statement, _ in pairs], [sha2 for _, sha2 in pairs]


def _erased() -> Unavailable:
    return Unavailable("attachment", "erased while it was being answered")

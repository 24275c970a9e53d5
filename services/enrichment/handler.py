"""Decide a batch of recorded statements: store what they say, link them, and relink the statements that they change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
import msgspec
import orjson

from services.enrichment.domain.features import features
from services.enrichment.domain.meaning import Interaction
from services.enrichment.linking import Linking
from services.enrichment.store import Store
from shared.aside import aside
from shared.clock import rfc3339
from shared.contracts import BadMessage, Recorded, decode
from shared.postgres import Transaction
from shared.stream import Batch, Decision, Record, Rejection
from shared.xapi.timestamps import instant


class Enrichment:
    """Handler of `recorded`."""

    def __init__(self, store: Store, linking: Linking) -> None:
        self._store = store
        self._linking = linking

    async def __call__(self, batch: Batch, transaction: Transaction) -> Decision:
        """Store what the batch says, then emit every statement of which something else is known now than was said last."""
        heard, unreadable = _hear(batch.records)
        if not heard:
            return Decision(rejections=unreadable)
        await self._store.share_identities(transaction)
        recorded = await self._as_recorded(transaction, heard)
        told, rejections = await aside(sum(len(each.message.statement) for each in recorded), _read, recorded)
        await self._store.lock_artefacts(transaction, _artefacts(told))
        await self._store.wordings(transaction).lock(told)
        await self._store.tell(transaction, told)
        heard_of = {interaction.statement_id for interaction in told}
        copying = await self._store.wordings(transaction).tell(told) - heard_of
        undoing = {interaction.statement_id for interaction in told if interaction.features.takes_back}
        undone = await self._store.undone_by(transaction, undoing) if undoing else frozenset()
        more = await self._store.at_once(transaction, copying)
        outgoing = await self._linking.relink(transaction, heard_of | undone | more)
        return Decision(outgoing=tuple(outgoing), rejections=(*unreadable, *rejections))

    async def _as_recorded(self, transaction: Transaction, heard: Sequence[Heard]) -> list[Heard]:
        """Replace statements that were overwritten since they were emitted: an old message must not bring back who was erased.

        The transaction shares identities already. An erasure changes the record first and holds identities afterwards, so it
        finds whatever is stored from what is read here.
        """
        oldest = min(each.received_at for each in heard)
        overwritten = await self._store.overwritten(transaction, {each.statement_id for each in heard}, oldest)
        return [each.overwritten_by(overwritten.get(each.statement_id)) for each in heard]


class Heard(NamedTuple):
    """A message, and the record that it came in."""

    record: Record
    message: Recorded
    statement_id: UUID
    received_at: datetime

    def overwritten_by(self, row: asyncpg.Record | None) -> Heard:
        """Return the message as it would be emitted now; *row* is what the record holds, None where nothing was overwritten."""
        if row is None:
            return self
        now = msgspec.structs.replace(
            self.message,
            statement=msgspec.Raw(row["body"]),
            redacted_at=rfc3339(row["redacted_at"]),
            names_only=row["names_only"],
        )
        return self._replace(message=now)


def _hear(records: Iterable[Record]) -> tuple[list[Heard], tuple[Rejection, ...]]:
    heard: list[Heard] = []
    rejections: list[Rejection] = []
    for record in records:
        try:
            message = decode(record.value, Recorded)
            heard.append(Heard(record, message, UUID(message.id), instant(message.received_at)))
        except BadMessage as error:
            rejections.append(Rejection(record, str(error)))
        except ValueError as error:
            rejections.append(Rejection(record, f"not a recorded statement: {error}"))
    return heard, tuple(rejections)


def _read(heard: Iterable[Heard]) -> tuple[list[Interaction], list[Rejection]]:
    told: list[Interaction] = []
    rejections: list[Rejection] = []
    for record, message, *_ in heard:
        try:
            told.append(interaction_of(message))
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            rejections.append(Rejection(record, f"not a recorded statement: {type(error).__name__}: {error}"))
    return told, rejections


def interaction_of(recorded: Recorded) -> Interaction:
    """Read what a recorded statement says.

    Raises KeyError, TypeError, AttributeError or ValueError where it is no valid statement.
    """
    return Interaction(
        statement_id=UUID(recorded.id),
        seq=recorded.seq,
        stored=recorded.stored,
        received_at=recorded.received_at,
        features=features(orjson.loads(memoryview(recorded.statement))),
        voided=recorded.voided,
        redacted=recorded.redacted_at is not None and not recorded.names_only,
        links=(),
        emitted=b"",
    )


def _artefacts(told: Iterable[Interaction]) -> set[str]:
    return {
        iri for interaction in told for iri in (interaction.features.object, *interaction.features.anchors) if iri is not None
    }

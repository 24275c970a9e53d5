"""Decides a batch of recorded statements: told once, each is linked; what that changes around it is said again."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import orjson

from services.enrichment.domain.features import features
from services.enrichment.domain.meaning import Interaction
from services.enrichment.linking import Linking
from services.enrichment.store import Store
from shared.contracts import BadMessage, Recorded, decode
from shared.postgres import Transaction
from shared.stream import Batch, Decision, Record, Rejection


class Enrichment:
    """Handler of `recorded`."""

    def __init__(self, store: Store, linking: Linking) -> None:
        self._store = store
        self._linking = linking

    async def __call__(self, batch: Batch, transaction: Transaction) -> Decision:
        """Tell what the batch says, then emit every statement of which more, or other, is known now."""
        told, rejections = _read(batch.records)
        if not told:
            return Decision(rejections=tuple(rejections))
        await self._store.share_identities(transaction)
        await self._store.lock_artefacts(transaction, _artefacts(told))
        await self._store.tell(transaction, told)
        outgoing = await self._linking.relink(transaction, {interaction.statement_id for interaction in told})
        return Decision(outgoing=tuple(outgoing), rejections=tuple(rejections))


def _read(records: Iterable[Record]) -> tuple[list[Interaction], list[Rejection]]:
    told: list[Interaction] = []
    rejections: list[Rejection] = []
    for record in records:
        try:
            told.append(interaction_of(decode(record.value, Recorded)))
        except BadMessage as error:
            rejections.append(Rejection(record, str(error)))
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
        redacted=recorded.redacted_at is not None,
        links=(),
        emitted=b"",
    )


def _artefacts(told: Iterable[Interaction]) -> set[str]:
    return {
        iri for interaction in told for iri in (interaction.features.object, *interaction.features.anchors) if iri is not None
    }

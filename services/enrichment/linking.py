"""Relink statements, and those that build on them, and say what has changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import msgspec

from services.enrichment.domain.features import TAKEN_BACK
from services.enrichment.domain.links import Link
from services.enrichment.domain.meaning import Interaction, Known, effective_links, meaning, people_of
from services.enrichment.store import Store
from shared.contracts import ENRICHED, Enriched, encode
from shared.postgres import Transaction
from shared.stream import Outgoing
from shared.xapi.erased import ERASED_IFI
from shared.xapi.model import Iri

MOST_LEVELS = 64
"""Levels of replies to replies that are followed; the limit also ends a circle."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What is said of a statement from now on: *message*, and *emitted*, its encoding with revision 0."""

    interaction: Interaction
    links: tuple[Link, ...]
    message: Enriched
    emitted: bytes


class Linking:
    """Evaluates statements inside a transaction that holds their locks."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def relink(self, transaction: Transaction, statements: set[UUID]) -> list[Outgoing]:
        """Evaluate *statements* and, level by level, what builds on those that changed; return a message for each change.

        Where more builds on them than one transaction can look at, it is left to the relinker.
        """
        news: dict[UUID, Settled] = {}
        level, followed = statements, 0
        for _ in range(MOST_LEVELS):
            changed = await self._evaluate(transaction, level)
            news.update({settled.interaction.statement_id: settled for settled in changed})
            made = _made(changed)
            if not made:
                break
            # A transaction that adds something to these artefacts has read what was said of them before: wait until it commits.
            await self._store.lock_artefacts(transaction, made)
            level = await self._store.built_on(transaction, made, followed)
            if not level:
                break
            followed += len(level)
        return [_outgoing(settled.message) for settled in news.values()]

    async def _evaluate(self, transaction: Transaction, statements: set[UUID]) -> list[Settled]:
        """Store and return what is said of those *statements* of which it differs from what was said last."""
        interactions = await self._store.hold_interactions(transaction, statements)
        known = await self._known(transaction, interactions)
        changed = [settled for interaction in interactions if (settled := _settle(interaction, known)) is not None]
        revisions = await self._store.next_revisions(transaction, len(changed))
        changed = [
            replace(settled, message=msgspec.structs.replace(settled.message, revision=revision))
            for settled, revision in zip(changed, revisions, strict=True)
        ]
        await self._store.settle(transaction, changed)
        return changed

    async def _known(self, transaction: Transaction, interactions: Sequence[Interaction]) -> Known:
        """Read what is known around *interactions*; people who are new become provisional learners."""
        catalogue = await self._store.catalogue(transaction)
        known = Known(
            catalogue,
            makers=await self._store.makers(transaction, _touched(interactions)),
            originals=await self._store.wordings(transaction).originals(interactions),
        )
        identities = {identifier for interaction in interactions for identifier in people_of(interaction, known)}
        learners = await self._store.learners(transaction, identities - {ERASED_IFI})
        enrolments = await self._store.enrolments(transaction, set(learners.values()))
        undoable = {one.statement_id for one in interactions if one.features.verb in TAKEN_BACK}
        taken_back = await self._store.taken_back(transaction, undoable) if undoable else frozenset()
        return replace(known, learners=learners, enrolments=enrolments, taken_back=taken_back)


def _settle(interaction: Interaction, known: Known) -> Settled | None:
    links = effective_links(interaction, known)
    message = meaning(interaction, links, known)
    emitted = encode(message)
    if emitted == interaction.emitted:
        return None
    return Settled(interaction, links, message, emitted)


def _touched(interactions: Iterable[Interaction]) -> set[Iri]:
    return {
        iri
        for interaction in interactions
        for iri in (interaction.features.parent, interaction.features.object, *interaction.features.threads)
        if iri is not None
    }


def _made(settled: Iterable[Settled]) -> set[Iri]:
    return {
        one.interaction.features.object
        for one in settled
        if one.interaction.features.makes_object and one.interaction.features.object is not None
    }


def _outgoing(message: Enriched) -> Outgoing:
    return Outgoing(ENRICHED, encode(message), key=message.id.encode())

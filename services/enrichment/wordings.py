"""The signatures of texts in schema `records`, and which statement first had the text that an artefact has."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, TypeAlias
from uuid import UUID

import asyncpg

from services.enrichment.domain.meaning import Interaction
from services.enrichment.domain.signature import BANDS, bands
from services.enrichment.domain.wording import Wording, current, original
from shared.contracts import Status
from shared.postgres import Transaction, load_queries
from shared.xapi.model import Ifi, Iri

MOST_BANDS_LOCKED: Final = 50 * BANDS
"""Bands that a transaction locks one by one; with more it locks all, since the server's lock table holds only some thousands."""
MOST_IN_A_BAND: Final = 16
"""How many of the texts that share a band are compared, the earliest first, so that a common phrase does not slow the search."""

_Whose: TypeAlias = tuple[Iri | None, Ifi | None]
_QUERIES: Final = load_queries(__package__, "wordings.sql")


class Wordings:
    """The signatures of the texts of artefacts, read and written in one open *transaction*."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def lock(self, told: Sequence[Interaction]) -> None:
        """Lock the bands of all texts that *told* gives or takes away; the artefacts must be locked already."""
        given = {band for one in told if one.status is Status.LIVE for band in bands_of(one)}
        taken = [one.statement_id for one in told if one.status is not Status.LIVE]
        await self._lock(given | await self._bands(taken))

    async def lock_of(self, statements: Collection[UUID]) -> None:
        """Lock the bands of the texts that *statements* gave."""
        await self._lock(await self._bands(statements))

    async def tell(self, told: Sequence[Interaction]) -> set[UUID]:
        """Store the texts that *told* gives and forget those that it takes away; return statements whose original may change."""
        given = [one for one in told if one.features.signature]
        taken = [one.statement_id for one in told if one.status is not Status.LIVE]
        return await self._keep(given) | await self.forget(taken)

    async def forget(self, statements: Collection[UUID]) -> set[UUID]:
        """Forget the texts of those *statements* that no longer count; return the statements whose original may change."""
        if not statements:
            return set()
        silent = [row["statement_id"] for row in await self._transaction.fetch(_QUERIES["silent"], list(statements))]
        copying = await self._copying(silent)
        if silent:
            await self._transaction.execute(_QUERIES["drop"], silent)
        return copying

    async def originals(self, interactions: Iterable[Interaction]) -> Mapping[UUID, UUID]:
        """Return those of *interactions* that make a copy, each with the statement that had the text first."""
        making = [one for one in interactions if one.features.makes_object and one.status is Status.LIVE]
        whose = {one.statement_id: (one.features.object, one.features.actor) for one in making}
        own = await self._of_artefacts(set(whose.values()))
        texts = {statement: own.get(artefact, []) for statement, artefact in whose.items()}
        now = {statement: newest.statement_id for statement, found in texts.items() if (newest := current(found)) is not None}
        before = await self._before(set(now.values()))
        found = {statement: original(texts[statement], before.get(given, ())) for statement, given in now.items()}
        return {statement: copied for statement, copied in found.items() if copied is not None}

    async def _keep(self, given: Sequence[Interaction]) -> set[UUID]:
        if not given:
            return set()
        kept = await self._transaction.fetch(
            _QUERIES["keep"],
            [one.statement_id for one in given],
            [one.features.signature for one in given],
            [band for one in given for band in bands_of(one)],
            BANDS,
        )
        return await self._copying([row["statement_id"] for row in kept])

    async def _copying(self, changed: Sequence[UUID]) -> set[UUID]:
        if not changed:
            return set()
        return {row["statement_id"] for row in await self._transaction.fetch(_QUERIES["copying"], changed, MOST_IN_A_BAND)}

    async def _of_artefacts(self, whose: Collection[_Whose]) -> Mapping[_Whose, list[Wording]]:
        """Return the texts of artefacts, by artefact and by the person who gave them."""
        found: dict[_Whose, list[Wording]] = {}
        if not whose:
            return found
        columns = [artefact for artefact, _ in whose], [actor for _, actor in whose]
        for row in await self._transaction.fetch(_QUERIES["of_artefacts"], *columns):
            wording = _wording(row)
            found.setdefault((wording.object, wording.actor), []).append(wording)
        return found

    async def _before(self, statements: Collection[UUID]) -> Mapping[UUID, list[Wording]]:
        """Return, for each of *statements* that gave a text, earlier texts that may be like it."""
        found: dict[UUID, list[Wording]] = {}
        for row in await self._transaction.fetch(_QUERIES["before"], list(statements), MOST_IN_A_BAND) if statements else ():
            found.setdefault(row["later"], []).append(_wording(row))
        return found

    async def _bands(self, statements: Collection[UUID]) -> set[int]:
        if not statements:
            return set()
        return {row["band"] for row in await self._transaction.fetch(_QUERIES["bands"], list(statements))}

    async def _lock(self, keys: Collection[int]) -> None:
        if len(keys) > MOST_BANDS_LOCKED:
            await self._transaction.execute(_QUERIES["hold"])
        elif keys:
            await self._transaction.execute(_QUERIES["share"])
            await self._transaction.execute(_QUERIES["lock_bands"], sorted(keys))


def bands_of(interaction: Interaction) -> tuple[int, ...]:
    """Return the bands of the text that *interaction* tells, if it tells one."""
    return bands(interaction.features.signature) if interaction.features.signature else ()


def _wording(row: asyncpg.Record) -> Wording:
    return Wording(
        statement_id=row["statement_id"],
        happened=row["happened"],
        object=Iri(row["object"]),
        actor=Ifi(row["actor"]) if row["actor"] is not None else None,
        makes_object=row["makes_object"],
        signature=row["signature"],
    )

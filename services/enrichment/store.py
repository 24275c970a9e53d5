"""Enrichment's own tables: people, courses, enrolments, and what each statement says."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

import asyncpg
import msgspec

from services.enrichment.domain.catalogue import Catalogue, Course, CourseIri
from services.enrichment.domain.features import Features
from services.enrichment.domain.links import Link
from services.enrichment.domain.meaning import Interaction, Maker, Original
from services.enrichment.domain.people import LearnerId, provisional_learner
from services.enrichment.wordings import Wordings
from shared.portions import portions
from shared.postgres import Transaction, load_queries
from shared.xapi import ifi
from shared.xapi.erased import ERASED_IFI
from shared.xapi.model import Ifi, Iri
from shared.xapi.vocabulary import BUILDS_ON, REPLIES

if TYPE_CHECKING:
    from services.enrichment.linking import Settled

MOST_AT_ONCE: Final = 1_000
"""Statements that one transaction looks at again because of others; for more, the server has too few locks and time runs out."""

LEFT_AT_ONCE: Final = 2_000
"""Statements that one job of the relinker names."""
MOST_ARTEFACTS_LOCKED: Final = 2_000
"""A transaction with more locks all artefacts at once: a statement may name a hundred thousand, and the server's lock table holds
only some thousands."""

_links = msgspec.json.Decoder(tuple[Link, ...])
_QUERIES: Final = load_queries(__package__)


class Store:
    """Reads and writes schema `records`, always inside a transaction that the caller holds."""

    def __init__(self) -> None:
        self._catalogue: tuple[int, Catalogue] = (-1, Catalogue())

    def wordings(self, transaction: Transaction) -> Wordings:
        """Return the texts of artefacts as *transaction* sees them."""
        return Wordings(transaction)

    async def share_identities(self, transaction: Transaction) -> None:
        """Keep identities from changing until the transaction ends; many transactions may do so at a time."""
        await transaction.execute(_QUERIES["share_identities"])

    async def hold_identities(self, transaction: Transaction) -> None:
        """Lock identities for changing them: no other transaction shares or holds them until this one ends."""
        await transaction.execute(_QUERIES["hold_identities"])

    async def lock_artefacts(self, transaction: Transaction, iris: Iterable[str]) -> None:
        """Lock artefacts in the order of their keys; above MOST_ARTEFACTS_LOCKED, lock all artefacts there are at once."""
        keys = sorted({_lock_key(iri) for iri in iris})
        if len(keys) > MOST_ARTEFACTS_LOCKED:
            await transaction.execute(_QUERIES["hold_artefacts"])
            return
        await transaction.fetch(_QUERIES["lock_artefacts"], keys)

    async def catalogue(self, transaction: Transaction) -> Catalogue:
        """Return the catalogue as this transaction sees it; read anew only after an import."""
        version = await transaction.fetchval(_QUERIES["catalogue_version"])
        if version != self._catalogue[0]:
            self._catalogue = version, Catalogue.of(await self.courses(transaction))
        return self._catalogue[1]

    async def courses(self, transaction: Transaction) -> list[Course]:
        """Return the courses of the catalogue."""
        return [_course(row) for row in await transaction.fetch(_QUERIES["courses"])]

    async def tell(self, transaction: Transaction, told: Sequence[Interaction]) -> None:
        """Store what statements say, and which artefacts they build on."""
        ordered = sorted(told, key=lambda interaction: interaction.statement_id)
        await transaction.executemany(_QUERIES["tell"], [(*_row(interaction), ERASED_IFI) for interaction in ordered])
        anchors = [(anchor, one.statement_id) for one in ordered for anchor in one.features.anchors]
        if anchors:
            await transaction.execute(
                _QUERIES["tell_anchors"], [anchor for anchor, _ in anchors], [statement for _, statement in anchors]
            )

    async def overwritten(
        self, transaction: Transaction, statements: Iterable[UUID], oldest: datetime
    ) -> dict[UUID, asyncpg.Record]:
        """Return the record's rows of those *statements* that were overwritten; none if nobody was erased since *oldest*."""
        rows = await transaction.fetch(_QUERIES["overwritten"], list(statements), oldest)
        return {UUID(row["id"]): row for row in rows}

    async def hold_interactions(self, transaction: Transaction, statements: Iterable[UUID]) -> list[Interaction]:
        """Lock statements in order and return them as they are then."""
        rows = await transaction.fetch(_QUERIES["hold_interactions"], sorted(statements))
        return [_interaction(row) for row in rows]

    async def makers(self, transaction: Transaction, artefacts: Iterable[Iri]) -> dict[Iri, Maker]:
        """Return who made each artefact, as far as it is known."""
        rows = await transaction.fetch(_QUERIES["makers"], list(artefacts), sorted(BUILDS_ON), sorted(REPLIES))
        return {Iri(row["object"]): _maker(row) for row in rows}

    async def built_on(self, transaction: Transaction, artefacts: Iterable[Iri], beside: int = 0) -> set[UUID]:
        """Return the statements that build on artefacts, and those that made them, if one transaction can look at them all.

        *beside* is how many others it looks at already. Where they are too many, they are left to the relinker, none is returned.
        """
        named = sorted(artefacts)
        most = max(MOST_AT_ONCE - beside, 0)
        rows = await transaction.fetch(_QUERIES["built_on"], named, most)
        if len(rows) > most:
            await transaction.execute(_QUERIES["leave_artefacts"], named)
            return set()
        return {row["statement_id"] for row in rows}

    async def built_on_after(self, transaction: Transaction, artefact: Iri, statement: UUID, limit: int) -> list[UUID]:
        """Return the next statements that build on an artefact, or made it, in the order of their ids."""
        rows = await transaction.fetch(_QUERIES["built_on_after"], artefact, statement, limit)
        return [row["statement_id"] for row in rows]

    async def taken_back(self, transaction: Transaction, statements: Iterable[UUID]) -> frozenset[UUID]:
        """Return those of *statements* that their actors took back."""
        rows = await transaction.fetch(_QUERIES["taken_back"], list(statements))
        return frozenset(row["statement_id"] for row in rows)

    async def undone_by(self, transaction: Transaction, statements: Iterable[UUID]) -> frozenset[UUID]:
        """Return the statements that *statements* take back, or would if they were not voided, and that no others take back."""
        rows = await transaction.fetch(_QUERIES["undone_by"], list(statements))
        return frozenset(row["statement_id"] for row in rows)

    async def by_person(self, transaction: Transaction, identities: Iterable[Ifi]) -> set[UUID]:
        """Return the statements that change when identities become somebody else's."""
        rows = await transaction.fetch(_QUERIES["by_person"], list(identities))
        return {row["statement_id"] for row in rows}

    async def artefacts_of(self, transaction: Transaction, statements: Iterable[UUID]) -> set[str]:
        """Return the artefacts that statements are about or build on."""
        rows = await transaction.fetch(_QUERIES["artefacts_of"], list(statements))
        return {row["iri"] for row in rows}

    async def at_once(self, transaction: Transaction, statements: set[UUID]) -> set[UUID]:
        """Return *statements* if a transaction can look at them all; else leave them to the relinker, and return none."""
        if len(statements) <= MOST_AT_ONCE:
            return statements
        await self.leave(transaction, sorted(statements))
        return set()

    async def leave(self, transaction: Transaction, statements: Sequence[UUID]) -> None:
        """Leave *statements* to the relinker, in jobs of LEFT_AT_ONCE: the list of one is read for each part of it."""
        for some in portions(statements, LEFT_AT_ONCE):
            await transaction.execute(_QUERIES["leave"], some)

    async def after(self, transaction: Transaction, seq: int, limit: int) -> list[tuple[UUID, int]]:
        """Return the next statements in the order of the record, with their seq."""
        rows = await transaction.fetch(_QUERIES["after"], seq, limit)
        return [(row["statement_id"], row["seq"]) for row in rows]

    async def learners(self, transaction: Transaction, identities: Iterable[Ifi]) -> dict[Ifi, LearnerId]:
        """Return who identities are; one that is not known yet becomes a provisional learner."""
        wanted = sorted(identities)
        known = await self._aliases(transaction, wanted)
        unknown = [identifier for identifier in wanted if identifier not in known]
        if unknown:
            hashes = [ifi.email_hash(identifier) for identifier in unknown]
            await transaction.execute(
                _QUERIES["meet"],
                unknown,
                [provisional_learner(identifier) for identifier in unknown],
                [found.removeprefix("mbox_sha1sum::") if found else None for found in hashes],
            )
            known.update(await self._aliases(transaction, unknown))
        return known

    async def _aliases(self, transaction: Transaction, identities: Sequence[Ifi]) -> dict[Ifi, LearnerId]:
        rows = await transaction.fetch(_QUERIES["learners"], identities)
        return {Ifi(row["ifi"]): LearnerId(row["learner"]) for row in rows}

    async def enrolments(
        self, transaction: Transaction, learners: Iterable[LearnerId]
    ) -> Mapping[LearnerId, Mapping[str, date | None]]:
        """Return the courses that learners are or were enrolled in, and since when."""
        found: dict[LearnerId, dict[str, date | None]] = {}
        for row in await transaction.fetch(_QUERIES["enrolments"], list(learners)):
            found.setdefault(LearnerId(row["learner"]), {})[row["course"]] = row["valid_from"]
        return found

    async def next_revisions(self, transaction: Transaction, count: int) -> list[int]:
        """Take *count* revisions; only after the rows that they are for are locked."""
        if not count:
            return []
        return [row["revision"] for row in await transaction.fetch(_QUERIES["next_revisions"], count)]

    async def settle(self, transaction: Transaction, settled: Sequence[Settled]) -> None:
        """Keep what was said last."""
        if not settled:
            return
        await transaction.execute(
            _QUERIES["settle"],
            [one.interaction.statement_id for one in settled],
            [msgspec.json.encode(one.links) for one in settled],
            [one.emitted for one in settled],
            [one.message.revision for one in settled],
            [one.message.copy_of for one in settled],
        )


def _lock_key(iri: str) -> int:
    return int.from_bytes(hashlib.blake2b(iri.encode(), digest_size=8).digest(), signed=True)


def _maker(row: asyncpg.Record) -> Maker:
    author = Ifi(row["copied_actor"]) if row["copied_actor"] else None
    return Maker(
        statement_id=row["statement_id"],
        actor=Ifi(row["actor"]) if row["actor"] else None,
        links=_links.decode(row["links"]),
        copies=Original(row["copy_of"], author) if row["copy_of"] else None,
    )


def _row(interaction: Interaction) -> tuple[object, ...]:
    said = interaction.features
    return (
        interaction.statement_id,
        interaction.seq,
        interaction.stored,
        interaction.received_at,
        said.timestamp,
        said.verb,
        said.actor,
        said.object,
        said.object_type,
        said.makes_object,
        said.parent,
        said.threads,
        said.courses,
        None if interaction.redacted else said.target,
        said.team,
        () if interaction.redacted else said.urls,
        interaction.voided,
        interaction.redacted,
        said.takes_back,
        None if interaction.redacted else said.qualifier,
    )


def _interaction(row: asyncpg.Record) -> Interaction:
    return Interaction(
        statement_id=row["statement_id"],
        seq=row["seq"],
        stored=row["stored"],
        received_at=row["received_at"],
        features=Features(
            verb=row["verb"],
            timestamp=row["happened"],
            actor=row["actor"],
            object=row["object"],
            object_type=row["object_type"],
            makes_object=row["makes_object"],
            parent=row["parent"],
            threads=tuple(row["threads"]),
            courses=tuple(row["courses"]),
            target=row["target"],
            team=row["team"],
            urls=tuple(row["urls"]),
            qualifier=row["qualifier"],
        ),
        voided=row["voided"],
        redacted=row["redacted"],
        links=_links.decode(row["links"]),
        emitted=row["emitted"],
    )


def _course(row: asyncpg.Record) -> Course:
    """Read a course from its row."""
    return Course(
        iri=CourseIri(row["iri"]),
        title=row["title"],
        description=row["description"],
        codes=tuple(row["codes"]),
        aliases=tuple(row["aliases"]),
        urls=tuple(row["urls"]),
        channels=tuple(row["channels"]),
    )

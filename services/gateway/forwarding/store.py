"""The tables of forwarding, as a sender uses them: what it reads of the record, and what it settles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import UUID

from services.gateway.domain.selection import Entry, Selection
from services.gateway.forwarding.target import State, Target, TargetName, TargetStanding
from shared.postgres import Database, Transaction, load_queries
from shared.xapi.model import StatementId

if TYPE_CHECKING:
    from asyncpg import Record

PAGE_STATEMENTS: Final = 500
PAGE_BYTES: Final = 4 * 1024 * 1024
LETTERS_AT_ONCE: Final = 50

_QUERIES: Final = load_queries(__package__)


class Refusal(NamedTuple):
    """A statement that a target refused for good: its seq in the record, the HTTP status, and what the target said."""

    seq: int
    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of the statements up to the seq *last*: those *delivered*, by seq, and the *refusals*."""

    last: int
    delivered: tuple[int, ...] = ()
    refusals: tuple[Refusal, ...] = ()


class SendingStore:
    """The tables as the process *sender* uses them; its claim on a target ends *lease* seconds after it was last renewed.

    Every method raises Unavailable for an outage.
    """

    def __init__(self, database: Database, sender: UUID, lease: float) -> None:
        self._database = database
        self._sender = sender
        self._lease = lease

    async def standings(self) -> list[TargetStanding]:
        """Return how every target stands."""
        return await standings(self._database, self._sender)

    async def claim(self, name: TargetName) -> Target | None:
        """Claim a target, or renew the claim, and return it; None where another process has it, it is paused or left alone."""
        row = await self._database.fetchrow(_QUERIES["claim"], name, self._sender, self._lease)
        return None if row is None else target_of(row)

    async def release(self, name: TargetName) -> None:
        """Let another process send to a target."""
        await self._database.execute(_QUERIES["release"], name, self._sender)

    async def page(self, behind: int) -> list[Entry]:
        """Return the next statements after the seq *behind*, in order: at most PAGE_STATEMENTS, and about PAGE_BYTES."""
        rows = await self._database.fetch(_QUERIES["page"], behind, PAGE_STATEMENTS, PAGE_BYTES)
        return [Entry(*row) for row in rows]

    async def by_ids(self, ids: Sequence[StatementId]) -> Mapping[StatementId, Entry]:
        """Return those of the statements *ids* that are recorded."""
        rows = await self._database.fetch(_QUERIES["by_ids"], list(map(UUID, ids))) if ids else []
        return {entry.id: entry for entry in (Entry(*row) for row in rows)}

    async def waiting(self, name: TargetName) -> list[Entry]:
        """Return the first LETTERS_AT_ONCE statements that were refused and are to be sent once more."""
        return [Entry(*row) for row in await self._database.fetch(_QUERIES["waiting"], name, LETTERS_AT_ONCE)]

    async def advance(self, target: Target, cursor: int, settled: Settled) -> int | None:
        """Settle the statements between *cursor* and `settled.last`, and renew the claim.

        Returns how many were refused in a row. Where the cursor was moved, or another process has claimed the target, nothing is
        settled and it returns None.
        """
        moved = target.name, self._sender, cursor, settled.last, self._lease, settled.delivered, len(settled.refusals)

        async def work(transaction: Transaction) -> int | None:
            refusals: int | None = await transaction.fetchval(_QUERIES["advance"], *moved)
            if refusals is not None:
                await _refuse(target.name, settled, transaction)
            return refusals

        if settled.refusals:
            return await self._database.run(work)
        taken: int | None = await self._database.fetchval(_QUERIES["advance"], *moved)
        return taken

    async def settle_letters(self, name: TargetName, settled: Settled) -> None:
        """Store what became of statements that were sent once more."""

        async def work(transaction: Transaction) -> None:
            await transaction.execute(_QUERIES["deliver"], name, settled.delivered)
            await _refuse(name, settled, transaction)

        await self._database.run(work)

    async def flooded(self, name: TargetName, reason: str) -> None:
        """Pause a target that refuses everything."""
        await self._database.execute(_QUERIES["flooded"], name, reason)

    async def fail(self, name: TargetName, reason: str, pause: float) -> None:
        """Store why a target failed, and leave it alone for *pause* seconds."""
        await self._database.execute(_QUERIES["fail"], name, self._sender, reason, pause)


async def standings(database: Database, sender: UUID) -> list[TargetStanding]:
    """Return how every target stands, as the process *sender* sees it. Raises Unavailable."""
    rows = await database.fetch(_QUERIES["standings"], sender)
    return [TargetStanding(**{**row, "name": TargetName(row["name"]), "state": State(row["state"])}) for row in rows]


def target_of(row: Record) -> Target:
    """Read a target from a row of `claim` or `find`."""
    return Target(
        name=TargetName(row["name"]),
        endpoint=row["endpoint"],
        version=row["version"],
        private_network=row["private_network"],
        selection=Selection(**{name: tuple(row[name]) for name in Selection.__slots__}),
        cursor=row["cursor"],
        failures=row["failures"],
        sealed=row["sealed_authentication"],
    )


async def _refuse(name: TargetName, settled: Settled, transaction: Transaction) -> None:
    if settled.refusals:
        await transaction.execute(_QUERIES["refuse"], name, *map(list, zip(*settled.refusals, strict=True)))
